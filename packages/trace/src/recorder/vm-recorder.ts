import { STAGE_OBSERVE } from '@qvm/core/hooks';
import { hostNanoseconds } from '@qvm/core/host';
import type { Disposable } from '@qvm/core';
import type { InterruptEvent, Tappable, TimerEvent, VmHooks, VmStateEvent, VmStepEvent } from '@qvm/core/hooks';
import { NO_VCPU, TraceEventId } from '../event.js';
import type { RecordWriter } from './record-writer.js';

const TAP = { name: 'trace', stage: STAGE_OBSERVE };

/** Records the events of a VM as a whole. */
export class VmRecorder {
  constructor(
    private readonly writer: RecordWriter,
    private readonly vm: number,
    private readonly clock: { now(): number },
  ) {}

  attach(hooks: Tappable<VmHooks>): readonly Disposable[] {
    return [
      hooks.step.tap(TAP, (event) => this.#step(event)),
      hooks.stateChanged.tap(TAP, (event) => this.#state(event)),
      hooks.interruptRaised.tap(TAP, (event) => this.#interrupt(TraceEventId.InterruptAsserted, event)),
      hooks.interruptLowered.tap(TAP, (event) => this.#interrupt(TraceEventId.InterruptDeasserted, event)),
      hooks.timerArmed.tap(TAP, (event) => this.#timer(TraceEventId.TimerCreated, event)),
      hooks.timerFired.tap(TAP, (event) => this.#timer(TraceEventId.TimerFired, event)),
    ];
  }

  /** Virtual time is in `d`: its offset from host time changes only when the VM is paused. */
  #step({ phase, idle, timestamp }: VmStepEvent): void {
    const id = phase === 'begin' ? TraceEventId.StepBegin : TraceEventId.StepEnd;
    const at = this.writer.begin(id, this.vm, NO_VCPU, timestamp, 0, 0);
    if (at >= 0) this.writer.finish(at, idle ? 1 : 0, 0, 0, Math.max(0, this.clock.now()));
  }

  #state({ from, to }: VmStateEvent): void {
    const { strings } = this.writer;
    const at = this.writer.begin(
      TraceEventId.VmState,
      this.vm,
      NO_VCPU,
      hostNanoseconds(),
      strings.numberOf(to),
      strings.numberOf(from),
    );
    if (at >= 0) this.writer.finish(at, 0, 0, 0, 0);
  }

  #interrupt(id: TraceEventId, { number, vcpu, source }: InterruptEvent): void {
    const name = this.writer.strings.numberOf(source);
    const at = this.writer.begin(id, this.vm, vcpu ?? NO_VCPU, hostNanoseconds(), name, 0);
    if (at >= 0) this.writer.finish(at, number, 0, 0, 0);
  }

  #timer(id: TraceEventId, { name, deadline }: TimerEvent): void {
    const at = this.writer.begin(id, this.vm, NO_VCPU, hostNanoseconds(), this.writer.strings.numberOf(name), 0);
    const whole = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.floor(deadline)));
    if (at >= 0) this.writer.finish(at, 0, 0, whole, 0);
  }
}
