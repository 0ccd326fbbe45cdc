import type { Clock } from '@qvm/core/vdev';

/** CNTFRQ_EL0: 62.5 MHz, as on QEMU's `virt` board. */
export const FREQUENCY = 62_500_000;
/** Exact duration of a tick at that frequency. */
export const NANOSECONDS_PER_TICK = 16;
/** Limit of exact counts; the VM would reach it after more than four years. */
export const COUNT_LIMIT = Number.MAX_SAFE_INTEGER;

/** The system counter, which all vCPUs share: ticks since the machine was reset. */
export class SystemCounter {
  readonly #clock: Clock;
  /** Count at clock tick 0. */
  #base = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.count = 0;
  }

  get count(): number {
    return Math.floor(this.#clock.now() / NANOSECONDS_PER_TICK) + this.#base;
  }

  set count(value: number) {
    this.#base = value - Math.floor(this.#clock.now() / NANOSECONDS_PER_TICK);
  }

  /** The first clock time at which the counter has the value `count`. */
  timeOf(count: number): number {
    return (count - this.#base) * NANOSECONDS_PER_TICK;
  }
}
