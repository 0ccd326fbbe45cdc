/** Clock periods in a bit (PC16550D data sheet, §8.3). */
const CLOCKS_PER_BIT = 16;
const LARGEST_DIVISOR = 0xffff;
/** Divisor that is used for the timer if the divisor latch is 0, which the data sheet does not define. */
const FALLBACK_DIVISOR = 8;
/** Bits of a frame: start, 8 data, stop. */
const FRAME_BITS = 10;
/** Longest time-out, so that a guest that sets a rate of a few baud still gets its input promptly. */
const MAX_TIMEOUT_NS = 1_000_000;

/**
 * The highest rate in baud that a clock in hertz gives: the divisor is 1.
 *
 * @internal
 */
export function maxBaud(clockHz: number): number {
  return clockHz / CLOCKS_PER_BIT;
}

/**
 * The divisor for a rate in baud (data sheet §8.3), 1 to 65535.
 *
 * @internal
 */
export function divisorOf(baud: number, clockHz: number): number {
  return Math.min(LARGEST_DIVISOR, Math.max(1, Math.round(clockHz / (CLOCKS_PER_BIT * baud))));
}

/**
 * The rate of a divisor, in whole baud; 0 for a divisor of 0.
 *
 * @internal
 */
export function baudOf(divisor: number, clockHz: number): number {
  return divisor === 0 ? 0 : Math.round(clockHz / (CLOCKS_PER_BIT * divisor));
}

/**
 * The duration of four characters in nanoseconds, after which characters below the trigger level raise the character
 * time-out interrupt (data sheet §8.4.2).
 *
 * @internal
 */
export function characterTimeoutNs(divisor: number, clockHz: number): number {
  const bits = 4 * FRAME_BITS;
  const seconds = (bits * CLOCKS_PER_BIT * (divisor === 0 ? FALLBACK_DIVISOR : divisor)) / clockHz;
  return Math.min(MAX_TIMEOUT_NS, Math.ceil(seconds * 1e9));
}

/** Characters in the FIFO that raise the interrupt, by FCR bits 7–6 (data sheet §8.4). */
const TRIGGER_LEVELS = [1, 4, 8, 14] as const;

/**
 * The receive trigger level.
 *
 * @internal
 */
export function receiveTrigger(fifoControl: number, fifoEnabled: boolean): number {
  return fifoEnabled ? (TRIGGER_LEVELS[(fifoControl >>> 6) & 3] ?? 14) : 1;
}
