/*
 * The time of the clock: the VM's wall clock, moved. It has a fraction of its own, because a program that releases the
 * divider chain decides when seconds begin.
 */
import type { Clock } from '@qvm/core/vdev';
import { requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';

const NS_PER_SECOND = 1e9;
/** The first update comes half a second after the release of the divider chain (MC146818 data sheet, "Divider control"). */
const AFTER_RELEASE = 0.5;
/** Saved offsets are unsigned. */
const OFFSET_BIAS = 2 ** 42;

/** @internal */
export class WallTime {
  readonly #clock: Clock;
  /** Added to the wall clock: nanoseconds, 0 to 999,999,999, then whole seconds. */
  #phase = 0;
  #offset = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds since 1970 that the clock shows. */
  get seconds(): number {
    return this.updates + this.#offset;
  }

  /** Number of the second, from an origin that setting the time does not move. */
  get updates(): number {
    return Math.floor(this.#moved);
  }

  /** The part of the present second that has passed, 0 to 1. */
  get fraction(): number {
    return this.#moved - this.updates;
  }

  /** Seconds until the second `update` begins. */
  until(update: number): number {
    return update - this.#moved;
  }

  /** Sets the time, and leaves the fraction. */
  set(seconds: number): void {
    this.#offset = seconds - this.updates;
  }

  /** Makes the present the middle of a second. */
  release(): void {
    const wall = this.#clock.wallClockSeconds();
    const phase = AFTER_RELEASE - (wall - Math.floor(wall));
    this.#phase = Math.floor((phase < 0 ? phase + 1 : phase) * NS_PER_SECOND);
  }

  reset(): void {
    this.#phase = 0;
    this.#offset = 0;
  }

  save(): { readonly phase: Json; readonly offset: Json } {
    return { phase: this.#phase, offset: this.#offset + OFFSET_BIAS };
  }

  /**
   * Validates a saved state, and changes nothing.
   *
   * @throws VdevStateError
   */
  decode(phase: unknown, offset: unknown): () => void {
    const nanoseconds = requireUnsigned(phase, NS_PER_SECOND - 1, 'phase');
    const seconds = requireUnsigned(offset, 2 * OFFSET_BIAS, 'offset') - OFFSET_BIAS;
    return () => {
      this.#phase = nanoseconds;
      this.#offset = seconds;
    };
  }

  get #moved(): number {
    return this.#clock.wallClockSeconds() + this.#phase / NS_PER_SECOND;
  }
}
