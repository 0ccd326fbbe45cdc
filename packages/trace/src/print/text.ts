import type { TraceEvent } from '../event.js';
import { ClockOffsets, fieldsOf } from './event-fields.js';
import { eventName } from './filter.js';

/**
 * Events as text, one for each line: `t:0x2ebe7b694 CPU:00 QVM :GUEST_ENTER qvm:linux vcpu_id:0 guest_ip:0x40000000 …`.
 * Times are those of the events, in nanoseconds.
 *
 * @param wanted - returns whether to print an event; the others are still needed for the clock offsets.
 * @experimental
 */
export function* textLines(
  events: Iterable<TraceEvent>,
  wanted: (event: TraceEvent) => boolean = () => true,
): Generator<string, void, undefined> {
  const offsets = new ClockOffsets();
  for (const event of events) {
    offsets.observe(event);
    if (!wanted(event)) continue;
    const fields = Object.entries(fieldsOf(event, offsets)).map(([name, value]) => `${name}:${token(String(value))}`);
    const cpu = String(event.cpu).padStart(2, '0');
    const head = `t:0x${Math.round(event.time).toString(16)} CPU:${cpu} QVM :${eventName(event.id)}`;
    yield [head, `qvm:${token(event.vm)}`, ...fields].join(' ');
  }
}

/** Replaces blanks, which names may contain. */
function token(text: string): string {
  return text === '' ? '-' : text.replaceAll(/\s/g, '_');
}
