import type { TraceEvent } from '../event.js';
import { ClockOffsets, fieldsOf } from './event-fields.js';
import { eventName } from './filter.js';

/**
 * Events as JSON, one object for each line.
 *
 * @param wanted - returns whether to print an event; the others are still needed for the clock offsets.
 * @experimental
 */
export function* jsonLines(
  events: Iterable<TraceEvent>,
  wanted: (event: TraceEvent) => boolean = () => true,
): Generator<string, void, undefined> {
  const offsets = new ClockOffsets();
  for (const event of events) {
    offsets.observe(event);
    if (!wanted(event)) continue;
    const { time, cpu, id, vm } = event;
    yield JSON.stringify({ time, cpu, event: eventName(id), vm, ...fieldsOf(event, offsets) });
  }
}
