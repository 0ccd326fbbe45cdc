import { TraceEventId, type TraceEvent } from '../event.js';
import type { LabelTable } from './label-table.js';
import type { LahavLane, SegmentLabel } from './lahav-line.js';

const NONE = { vm: '', vcpu: -1, cause: '', vdev: '', exit: false } as const;

/** Builds the line of one physical CPU from its events in order of time. */
export class LaneBuilder {
  readonly #starts: number[] = [];
  readonly #labels: number[] = [];
  /** The exits that vCPUs are in, by VM and vCPU: a wait for an interrupt lasts from turn to turn. */
  readonly #open = new Map<string, SegmentLabel>();
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
    this.#begin(start, { ...NONE, kind: 'hypervisor', cause: 'host' });
  }

  /** Takes the next event. */
  add(event: TraceEvent): void {
    const { time, vm } = event;
    this.#latest = time;
    switch (event.id as TraceEventId) {
      case TraceEventId.StepBegin:
        return this.#begin(time, { ...NONE, kind: 'hypervisor', vm, cause: 'schedule' });
      case TraceEventId.StepEnd:
        return event.a === 1
          ? this.#begin(time, { ...NONE, kind: 'idle' })
          : this.#begin(time, { ...NONE, kind: 'hypervisor', vm, cause: 'host' });
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

  /** The line as it is. */
  lane(): LahavLane {
    return {
      cpu: this.cpu,
      starts: Float64Array.from(this.#starts),
      labels: Uint32Array.from(this.#labels),
      end: this.#latest,
    };
  }

  #turn({ time, vm, vcpu, name, detail }: TraceEvent): void {
    const open = this.#open.get(`${vm}\0${vcpu}`);
    if (name === 'running' && open !== undefined) this.#begin(time, { ...open, exit: false });
    if (detail === 'running') this.#begin(time, { ...NONE, kind: 'hypervisor', vm, cause: 'schedule' });
  }

  #enter({ time, vm, vcpu }: TraceEvent): void {
    this.#open.delete(`${vm}\0${vcpu}`);
    this.#begin(time, { ...NONE, kind: 'guest', vm, vcpu });
    this.#inGuest = true;
    this.#ran = false;
  }

  #exit({ time, vm, vcpu, name: cause, detail: vdev }: TraceEvent): void {
    // An entry that was given up is no guest time.
    if (this.#inGuest && !this.#ran) this.#relabel({ ...NONE, kind: 'hypervisor', vm, vcpu, cause: 'aborted entry' });
    if (cause === 'schedule') return this.#begin(time, { ...NONE, kind: 'hypervisor', vm, cause });
    const label: SegmentLabel = { kind: 'hypervisor', vm, vcpu, cause, vdev, exit: true };
    this.#open.set(`${vm}\0${vcpu}`, label);
    this.#begin(time, label);
  }

  #relabel(label: SegmentLabel): void {
    this.#labels[this.#labels.length - 1] = this.table.numberOf(label);
  }

  /** Ends the present segment. What was empty disappears, unless it stands for an exit. */
  #begin(time: number, label: SegmentLabel): void {
    this.#inGuest = false;
    const number = this.table.numberOf(label);
    const last = this.#starts.length - 1;
    const present = this.#labels[last];
    if (present !== undefined && this.#starts[last] === time && !this.table.labels[present]?.exit) {
      this.#starts.pop();
      this.#labels.pop();
    } else if (present === number && !label.exit) return;
    this.#starts.push(time);
    this.#labels.push(number);
  }
}
