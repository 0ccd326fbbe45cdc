import type { Clock, ClockTimer, InterruptLine } from '@qvm/core/vdev';
import { requireMembers, requireUnsigned, SavedStateError } from '../gic/saved-state.js';
import { COUNT_LIMIT } from './counter.js';
import type { SystemCounter } from './counter.js';

/** CNTx_CTL_EL0 (Arm ARM, CNTP_CTL_EL0). */
export const CTL_ENABLE = 1;
export const CTL_IMASK = 2;
export const CTL_ISTATUS = 4;
const CTL_WRITABLE = CTL_ENABLE | CTL_IMASK;

/** Virtual times are exact up to this value (104 days). No deadline is set for later times. */
const LATEST_TIME = Number.MAX_SAFE_INTEGER;
const HEX_64 = /^0x[0-9a-f]{1,16}$/;

/** A validated state, for {@link CompareTimer.load}. */
export interface CompareTimerState {
  readonly ctl: number;
  readonly cval: bigint;
  readonly offset: number;
}

/**
 * One timer of one vCPU: compares a counter, less an offset, with CVAL (Arm ARM D12.2) and drives its level output.
 * Both are unsigned, so the counter never reaches a compare value of 2^53 or more.
 */
export class CompareTimer {
  readonly #counter: SystemCounter;
  readonly #line: InterruptLine;
  readonly #timer: ClockTimer;
  #ctl = 0;
  #cval = 0n;
  /** `#cval`, limited to the counter's range, for comparisons. */
  #compare = 0;
  /** Offset of the counter from this timer's view: CNTVOFF, which is 0 without EL2. */
  #offset = 0;

  constructor(counter: SystemCounter, clock: Clock, line: InterruptLine, name: string) {
    this.#counter = counter;
    this.#line = line;
    this.#timer = clock.createTimer(name, () => this.update());
  }

  /** CNTPCT_EL0 or CNTVCT_EL0. */
  get count(): number {
    const count = this.#present;
    // The host's timer may be late: if the guest reads a count that meets the condition, the output must be raised.
    if (this.#timer.deadline !== undefined && count >= this.#compare) this.update();
    return count;
  }

  /** ISTATUS is 0 while the timer is disabled (it is UNKNOWN then). */
  get ctl(): number {
    return this.#ctl | (this.#isMet(this.count) ? CTL_ISTATUS : 0);
  }

  set ctl(value: number) {
    this.#ctl = value & CTL_WRITABLE;
    this.update();
  }

  get cval(): bigint {
    return this.#cval;
  }

  set cval(value: bigint) {
    this.#setCompare(value);
    this.update();
  }

  /** TVAL: ticks until the condition is met, as a signed 32-bit number. */
  get tval(): bigint {
    return BigInt.asUintN(32, this.#cval - BigInt(this.count));
  }

  set tval(value: bigint) {
    this.cval = BigInt.asUintN(64, BigInt(this.count) + BigInt.asIntN(32, value));
  }

  get line(): InterruptLine {
    return this.#line;
  }

  /** Drives the output, and sets the deadline of its next change. */
  update(): void {
    const met = this.#isMet(this.#present);
    const unmasked = (this.#ctl & CTL_IMASK) === 0;
    if (!met && unmasked && (this.#ctl & CTL_ENABLE) !== 0) this.#wait();
    else this.#timer.cancel();
    this.#line.set(met && unmasked);
  }

  reset(): void {
    this.load({ ctl: 0, cval: 0n, offset: 0 });
  }

  save(): { ctl: number; cval: string; offset: number } {
    return { ctl: this.#ctl, cval: `0x${this.#cval.toString(16)}`, offset: this.#offset };
  }

  load(state: CompareTimerState): void {
    this.#ctl = state.ctl;
    this.#offset = state.offset;
    this.#setCompare(state.cval);
    this.update();
  }

  dispose(): void {
    this.#timer.dispose();
  }

  get #present(): number {
    return this.#counter.count - this.#offset;
  }

  #isMet(count: number): boolean {
    return (this.#ctl & CTL_ENABLE) !== 0 && count >= this.#compare;
  }

  #setCompare(value: bigint): void {
    this.#cval = value;
    this.#compare = value > BigInt(COUNT_LIMIT) ? Infinity : Number(value);
  }

  #wait(): void {
    const time = this.#counter.timeOf(this.#compare + this.#offset);
    if (time <= LATEST_TIME) this.#timer.arm(time);
    else this.#timer.cancel();
  }
}

/** Validates a state that `save` made. */
export function decodeCompareTimer(state: unknown, what: string): CompareTimerState {
  const { ctl, cval, offset } = requireMembers(state, ['ctl', 'cval', 'offset'], what);
  if (typeof cval !== 'string' || !HEX_64.test(cval)) {
    throw new SavedStateError(`${what}.cval is not a hexadecimal number of 64 bits.`);
  }
  return {
    ctl: requireUnsigned(ctl, CTL_WRITABLE, `${what}.ctl`),
    cval: BigInt(cval),
    offset: requireUnsigned(offset, COUNT_LIMIT, `${what}.offset`),
  };
}
