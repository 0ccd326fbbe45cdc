import type { Clock } from '@qvm/core/vdev';

/** Frequency of the time-stamp counter in Hz: it counts the nanoseconds of the VM's clock. @experimental */
export const TSC_HZ = 1_000_000_000;

/** Numbers of this width are exact, and so is their sum with a time if it is a safe integer. */
const EXACT_BITS = 53;
const TWO_32 = 2 ** 32;

const asUnsigned = (value: bigint): bigint => BigInt.asUintN(64, value);

/**
 * The time-stamp counter of one vCPU (SDM vol. 3, 17.17): the VM's clock plus an offset, so its rate is constant and
 * under `icount` it is a number of instructions.
 *
 * @experimental
 */
export class TimeStampCounter {
  /** IA32_TSC_ADJUST: the offset. */
  #adjust = 0n;
  /** The offset as a signed number, if that is exact. */
  #exact: number | undefined = 0;
  /** The value that {@link TimeStampCounter.read} has read: bits 31–0. */
  lo = 0;
  /** Bits 63–32. */
  hi = 0;

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    /** Called when the counter was set to another value. */
    private readonly onSet: () => void = () => undefined,
  ) {}

  /** Its value, 64 bits, unsigned. */
  get count(): bigint {
    return asUnsigned(BigInt(Math.floor(this.clock.now())) + this.#adjust);
  }

  /** Reads its value into {@link TimeStampCounter.lo} and {@link TimeStampCounter.hi}, without a BigInt if possible. */
  read(): void {
    const sum = this.#exact === undefined ? -1 : Math.floor(this.clock.now()) + this.#exact;
    if (sum >= 0 && sum <= Number.MAX_SAFE_INTEGER) {
      this.lo = sum >>> 0;
      this.hi = Math.floor(sum / TWO_32);
      return;
    }
    const { count } = this;
    this.lo = Number(count & 0xffff_ffffn);
    this.hi = Number(count >> 32n);
  }

  set count(value: bigint) {
    this.adjust = value - BigInt(Math.floor(this.clock.now()));
  }

  /** IA32_TSC_ADJUST, unsigned. */
  get adjust(): bigint {
    return this.#adjust;
  }

  set adjust(value: bigint) {
    this.#setAdjust(asUnsigned(value));
    this.onSet();
  }

  /**
   * The first clock time in nanoseconds at which the counter has reached a value. A value less than half its range
   * behind has been reached.
   */
  timeOf(count: bigint): number {
    const distance = BigInt.asIntN(64, count - this.count);
    const now = Math.floor(this.clock.now());
    return distance <= 0n ? now : now + Number(distance);
  }

  reset(): void {
    this.#setAdjust(0n);
  }

  #setAdjust(value: bigint): void {
    this.#adjust = value;
    const signed = BigInt.asIntN(64, value);
    this.#exact = BigInt.asIntN(EXACT_BITS, signed) === signed ? Number(signed) : undefined;
  }
}
