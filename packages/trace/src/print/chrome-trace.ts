import { NO_VCPU, TraceEventId, type TraceEvent } from '../event.js';
import type { LahavLine } from '../lahav/lahav-line.js';
import { ClockOffsets, fieldsOf } from './event-fields.js';
import { eventName } from './filter.js';

/** Process for the rows of physical CPUs; VMs are the processes after it. */
const CPU_PROCESS = 1;
/** Events that are shown as marks; the others are represented by segments. */
const MARKS = new Set<number>([
  TraceEventId.InterruptAsserted,
  TraceEventId.InterruptDeasserted,
  TraceEventId.TimerCreated,
  TraceEventId.TimerFired,
  TraceEventId.VmState,
  TraceEventId.VdevAccess,
  TraceEventId.Hypercall,
]);

/**
 * A trace in the Trace Event Format of Perfetto and chrome://tracing: a row for each physical CPU with the segments of
 * its Lahav Line, and a process for each VM with marks for interrupts, timers and accesses. The pieces form one JSON
 * document.
 *
 * @param wanted - returns whether to show an event as a mark.
 * @experimental
 */
export function* chromeTrace(
  line: LahavLine,
  events: Iterable<TraceEvent>,
  wanted: (event: TraceEvent) => boolean = () => true,
): Generator<string, void, undefined> {
  yield '{"displayTimeUnit":"ns","traceEvents":[\n';
  yield JSON.stringify(metadata('process_name', CPU_PROCESS, 0, 'physical CPUs'));
  for (const item of segments(line)) yield `,\n${JSON.stringify(item)}`;
  for (const item of marks(events, wanted)) yield `,\n${JSON.stringify(item)}`;
  yield '\n]}\n';
}

function metadata(name: string, pid: number, tid: number, value: string): object {
  return { ph: 'M', name, pid, tid, args: { name: value } };
}

/** Microseconds with three decimal digits. */
const microseconds = (nanoseconds: number): number => Math.round(nanoseconds) / 1000;

function* segments({ lanes, labels }: LahavLine): Generator<object, void, undefined> {
  for (const { cpu, starts, labels: numbers, end } of lanes) {
    yield metadata('thread_name', CPU_PROCESS, cpu, `CPU ${cpu}`);
    for (let n = 0; n < starts.length; n++) {
      const label = labels[numbers[n] as number];
      if (label === undefined) continue;
      const { kind, vm, vcpu, cause, vdev } = label;
      const name =
        kind === 'guest' ? `${vm}/${vcpu}` : kind === 'idle' ? 'idle' : vdev === '' ? cause : `${cause} ${vdev}`;
      const start = starts[n] as number;
      const dur = microseconds((starts[n + 1] ?? end) - start);
      yield { ph: 'X', name, cat: kind, pid: CPU_PROCESS, tid: cpu, ts: microseconds(start), dur, args: { vm, vcpu } };
    }
  }
}

function* marks(
  events: Iterable<TraceEvent>,
  wanted: (event: TraceEvent) => boolean,
): Generator<object, void, undefined> {
  const offsets = new ClockOffsets();
  const processes = new Map<string, number>();
  for (const event of events) {
    offsets.observe(event);
    if (!MARKS.has(event.id) || !wanted(event)) continue;
    let pid = processes.get(event.vm);
    if (pid === undefined) {
      processes.set(event.vm, (pid = CPU_PROCESS + 1 + processes.size));
      yield metadata('process_name', pid, 0, event.vm);
    }
    const tid = event.vcpu === NO_VCPU ? 0 : event.vcpu + 1;
    const name = `${eventName(event.id)} ${event.name}`.trim();
    yield { ph: 'i', s: 't', name, pid, tid, ts: microseconds(event.time), args: fieldsOf(event, offsets) };
  }
}
