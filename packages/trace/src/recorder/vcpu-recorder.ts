import { STAGE_OBSERVE } from '@qvm/core/hooks';
import { hostNanoseconds } from '@qvm/core/host';
import type { Disposable } from '@qvm/core';
import type { GuestExitEvent, HypercallEvent, Tappable, VcpuHooks, VcpuStateEvent } from '@qvm/core/hooks';
import { ACCESS_WRITE, ExitStatus, TraceEventId } from '../event.js';
import { Field, setUint53 } from '../record.js';
import type { RecordWriter } from './record-writer.js';

const TAP = { name: 'trace', stage: STAGE_OBSERVE };
const SCHEDULE = 'schedule';

/** Records one vCPU. Nothing in it allocates, except for the engine's program counter. */
export class VcpuRecorder {
  /** Start of the current time in the guest; −1 outside of the guest. */
  #entered = -1;
  /**
   * Whether the vCPU has left the guest by an exit that has not ended: a wait for an interrupt continues after its
   * turn.
   */
  #outside = false;
  readonly #scheduleName: number;

  constructor(
    private readonly writer: RecordWriter,
    private readonly vm: number,
    private readonly vcpu: number,
  ) {
    this.#scheduleName = writer.strings.numberOf(SCHEDULE);
  }

  /** Taps the vCPU's hooks. */
  attach(hooks: Tappable<VcpuHooks>): readonly Disposable[] {
    this.#plain(TraceEventId.VcpuCreated, hostNanoseconds(), this.writer.strings.numberOf('vcpu'), this.vcpu);
    return [
      hooks.guestExit.tap(TAP, (event) => this.#exit(event)),
      hooks.guestEntrance.tap(TAP, (event) => this.#entrance(event)),
      hooks.stateChanged.tap(TAP, (event) => this.#state(event)),
      hooks.hypercall.tap(TAP, (event) => this.#hypercall(event)),
    ];
  }

  #exit(event: GuestExitEvent): void {
    const { strings } = this.writer;
    const time = event.timestamp ?? hostNanoseconds();
    const status = statusOf(event);
    const name = strings.numberOf(event.cause);
    const detail = event.vdev === undefined ? 0 : strings.numberOf(event.vdev);
    this.#leave(time, name, detail, (event.syndrome ?? 0) >>> 0, status, event.vcpu.pc, event.access?.address ?? 0);
    this.#outside = true;
  }

  #entrance(event: GuestExitEvent): void {
    const time = event.timestamp ?? hostNanoseconds();
    const name = this.writer.strings.numberOf(event.cause);
    const detail = event.vdev === undefined ? 0 : this.writer.strings.numberOf(event.vdev);
    const { access } = event;
    if (access !== undefined) {
      const at = this.writer.begin(TraceEventId.VdevAccess, this.vm, this.vcpu, time, detail, 0);
      if (at >= 0) {
        const { view } = this.writer;
        setUint53(view, at + Field.a, access.offset);
        view.setUint32(at + Field.b, access.width | (access.write ? ACCESS_WRITE : 0), true);
        view.setUint32(at + Field.c, access.value, true);
        view.setUint32(at + Field.c + 4, access.high, true);
        setUint53(view, at + Field.d, access.address);
        this.writer.commit();
      }
    }
    this.#enter(time, name, detail, event.vcpu.pc, event.instructions);
    this.#outside = false;
  }

  /** Turns begin and end in the guest, unless an exit has not ended. */
  #state({ vcpu, from, to, timestamp }: VcpuStateEvent): void {
    const { strings } = this.writer;
    if (from === 'running' && !this.#outside) {
      this.#leave(timestamp, this.#scheduleName, 0, 0, ExitStatus.Scheduled, vcpu.pc, 0);
    }
    const at = this.writer.begin(
      TraceEventId.VcpuState,
      this.vm,
      this.vcpu,
      timestamp,
      strings.numberOf(to),
      strings.numberOf(from),
    );
    if (at >= 0) this.writer.finish(at, 0, 0, 0, vcpu.instructions);
    if (to === 'running' && !this.#outside) {
      this.#enter(timestamp, this.#scheduleName, 0, vcpu.pc, vcpu.instructions);
    }
  }

  #hypercall({ functionId, immediate, conduit, args }: HypercallEvent): undefined {
    const name = this.writer.strings.numberOf(conduit);
    const at = this.writer.begin(TraceEventId.Hypercall, this.vm, this.vcpu, hostNanoseconds(), name, 0);
    if (at < 0) return;
    const { view } = this.writer;
    setUint53(view, at + Field.a, functionId >>> 0);
    view.setUint32(at + Field.b, immediate, true);
    view.setBigUint64(at + Field.c, args[0] ?? 0n, true);
    view.setBigUint64(at + Field.d, args[1] ?? 0n, true);
    this.writer.commit();
  }

  #enter(time: number, name: number, detail: number, pc: bigint, instructions: number): void {
    this.#entered = time;
    const at = this.writer.begin(TraceEventId.GuestEntry, this.vm, this.vcpu, time, name, detail);
    if (at < 0) return;
    const { view } = this.writer;
    setUint53(view, at + Field.a, 0);
    view.setUint32(at + Field.b, 0, true);
    view.setBigUint64(at + Field.c, pc, true);
    setUint53(view, at + Field.d, instructions);
    this.writer.commit();
  }

  #leave(
    time: number,
    name: number,
    detail: number,
    reason: number,
    status: ExitStatus,
    pc: bigint,
    payload: number,
  ): void {
    if (this.#entered >= 0) this.#plain(TraceEventId.Cycles, time, 0, 0, this.#entered, time);
    this.#entered = -1;
    const at = this.writer.begin(TraceEventId.GuestExit, this.vm, this.vcpu, time, name, detail);
    if (at < 0) return;
    const { view } = this.writer;
    setUint53(view, at + Field.a, reason);
    view.setUint32(at + Field.b, status, true);
    view.setBigUint64(at + Field.c, pc, true);
    setUint53(view, at + Field.d, payload);
    this.writer.commit();
  }

  #plain(id: TraceEventId, time: number, name: number, a: number, c = 0, d = 0): void {
    const at = this.writer.begin(id, this.vm, this.vcpu, time, name, 0);
    if (at >= 0) this.writer.finish(at, a, 0, c, d);
  }
}

/** An exit without a syndrome that is neither an access nor an interrupt is the end of a turn. */
function statusOf({ cause, syndrome = 0, access }: GuestExitEvent): ExitStatus {
  if (cause === 'interrupt' || cause === 'nmi') return ExitStatus.Interrupt;
  return syndrome === 0 && access === undefined ? ExitStatus.Scheduled : ExitStatus.Synchronous;
}
