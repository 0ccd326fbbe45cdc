import type { Clock } from '@qvm/core/vdev';

/** Frequency of the time-stamp counter in Hz: it counts the nanoseconds of the VM's clock. @experimental */
export const TSC_HZ = 1_000_000_000;

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

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    /** Called when the counter was set to another value. */
    private readonly onSet: () => void = () => undefined,
  ) {}

  /** Its value, 64 bits, unsigned. */
  get count(): bigint {
    return asUnsigned(BigInt(Math.floor(this.clock.now())) + this.#adjust);
  }

  set count(value: bigint) {
    this.adjust = value - BigInt(Math.floor(this.clock.now()));
  }

  /** IA32_TSC_ADJUST, unsigned. */
  get adjust(): bigint {
    return this.#adjust;
  }

  set adjust(value: bigint) {
    this.#adjust = asUnsigned(value);
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
    this.#adjust = 0n;
  }
}
