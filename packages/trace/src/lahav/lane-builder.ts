import { TraceEventId } from '../event.js';
import { Value } from '../file/record-values.js';
import { STRING_LIMIT } from '../recorder/string-table.js';
import type { StreamCursor } from '../stream-cursor.js';
import type { LabelTable } from './label-table.js';
import type { LahavLane, SegmentLabel } from './lahav-line.js';
import { SegmentList } from './segment-list.js';

const NONE = { vm: '', vcpu: -1, cause: '', vdev: '', exit: false } as const;

const NO_EXIT = -1;

/** Kinds of segments that an event begins. */
enum Segment {
  Idle,
  /** Between steps. */
  Host,
  /** Between turns of vCPUs. */
  Schedule,
  Guest,
  /** An entry that was given up. */
  Aborted,
  /** From a guest exit on. */
  Exit,
}

/** Labels of segments; of the event, they use what {@link LaneBuilder} makes the key of. */
const LABELS: Readonly<Record<Segment, (event: StreamCursor) => SegmentLabel>> = {
  [Segment.Idle]: () => ({ ...NONE, kind: 'idle' }),
  [Segment.Host]: ({ vm }) => ({ ...NONE, kind: 'hypervisor', vm, cause: 'host' }),
  [Segment.Schedule]: ({ vm }) => ({ ...NONE, kind: 'hypervisor', vm, cause: 'schedule' }),
  [Segment.Guest]: ({ vm, vcpu }) => ({ ...NONE, kind: 'guest', vm, vcpu }),
  [Segment.Aborted]: ({ vm, vcpu }) => ({ ...NONE, kind: 'hypervisor', vm, vcpu, cause: 'aborted entry' }),
  [Segment.Exit]: ({ vm, vcpu, name, detail }) => ({
    kind: 'hypervisor',
    vm,
    vcpu,
    cause: name,
    vdev: detail,
    exit: true,
  }),
};

/** Builds the line of one physical CPU from its events in order of time. */
export class LaneBuilder {
  readonly #segments = new SegmentList();
  /** Numbers of labels, by kind of segment and numbers of the event: cheaper to look up than texts. */
  readonly #numbers = new Map<number, number>();
  /**
   * Labels of the exits that vCPUs are in, by VM and vCPU: a wait for an interrupt lasts from turn to turn.
   * {@link NO_EXIT} for none, because a map that entries come to and leave is slow.
   */
  readonly #open = new Map<number, number>();
  /** Whether the guest ran since the last entry. */
  #ran = false;
  #inGuest = false;
  #latest: number;

  constructor(
    readonly cpu: number,
    start: number,
    private readonly table: LabelTable,
  ) {
    this.#latest = start;
    this.#begin(start, table.numberOf({ ...NONE, kind: 'hypervisor', cause: 'host' }));
  }

  /** Takes the next event. */
  add(event: StreamCursor): void {
    const { time } = event;
    this.#latest = time;
    switch (event.id as TraceEventId) {
      case TraceEventId.StepBegin:
        return this.#begin(time, this.#label(Segment.Schedule, event));
      case TraceEventId.StepEnd:
        return this.#begin(time, this.#label(event.a === 1 ? Segment.Idle : Segment.Host, event));
      case TraceEventId.VcpuState:
        return this.#turn(event);
      case TraceEventId.GuestEntry:
        return this.#enter(event);
      case TraceEventId.Cycles:
        this.#ran = true;
        return;
      case TraceEventId.GuestExit:
        return this.#exit(event);
      default:
        return;
    }
  }

  /** The line built so far. */
  lane(): LahavLane {
    return { cpu: this.cpu, ...this.#segments.arrays(), end: this.#latest };
  }

  #turn(event: StreamCursor): void {
    const { time, name, detail } = event;
    const exit = this.table.labels[this.#open.get(vcpuKey(event)) ?? NO_EXIT];
    if (name === 'running' && exit !== undefined) this.#begin(time, this.table.numberOf({ ...exit, exit: false }));
    if (detail === 'running') this.#begin(time, this.#label(Segment.Schedule, event));
  }

  #enter(event: StreamCursor): void {
    this.#open.set(vcpuKey(event), NO_EXIT);
    this.#begin(event.time, this.#label(Segment.Guest, event));
    this.#inGuest = true;
    this.#ran = false;
  }

  #exit(event: StreamCursor): void {
    // An entry that was given up is no guest time.
    if (this.#inGuest && !this.#ran) this.#segments.lastLabel = this.#label(Segment.Aborted, event);
    if (event.name === 'schedule') return this.#begin(event.time, this.#label(Segment.Schedule, event));
    const label = this.#label(Segment.Exit, event);
    this.#open.set(vcpuKey(event), label);
    this.#begin(event.time, label);
  }

  /** The number of a segment's label. */
  #label(segment: Segment, event: StreamCursor): number {
    const texts = segment === Segment.Exit ? event.number(Value.name) * STRING_LIMIT + event.number(Value.detail) : 0;
    const key = (texts * VCPU_KEYS + vcpuKey(event)) * 8 + segment;
    let number = this.#numbers.get(key);
    if (number === undefined) this.#numbers.set(key, (number = this.table.numberOf(LABELS[segment](event))));
    return number;
  }

  /** Ends the present segment. An empty segment is removed unless it is an exit. */
  #begin(time: number, label: number): void {
    const segments = this.#segments;
    const { labels } = this.table;
    this.#inGuest = false;
    const present = segments.lastLabel;
    if (segments.lastStart === time && labels[present]?.exit === false) segments.pop();
    else if (present === label && labels[label]?.exit === false) return;
    segments.push(time, label);
  }
}

/** Values of {@link vcpuKey}. */
const VCPU_KEYS = 0x100 * STRING_LIMIT;

/** A number for the VM and the vCPU of an event. */
function vcpuKey(event: StreamCursor): number {
  return event.number(Value.vm) * 0x100 + event.vcpu;
}
