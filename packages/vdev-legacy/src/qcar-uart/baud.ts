/**
 * The clock that the divisor divides, as in the device tree. It is a multiple of the traditional 1.8432 MHz, so that
 * all usual rates are exact.
 *
 * @internal
 */
export const UART_CLOCK_HZ = 14_745_600;
/** Highest rate: the divisor is 1. */
export const MAX_BAUD = UART_CLOCK_HZ / 16;
/** Divisor that is used for the timer if the divisor latch is 0, which the data sheet does not define. */
const FALLBACK_DIVISOR = 8;
/** Bits of a frame: start, 8 data, stop. */
const FRAME_BITS = 10;
/** Longest time-out, so that a guest that sets a rate of a few baud still gets its input promptly. */
const MAX_TIMEOUT_NS = 1_000_000;

/**
 * The divisor for a rate in baud (data sheet §8.3), 1 to 65535.
 *
 * @internal
 */
export function divisorOf(baud: number): number {
  return Math.min(0xffff, Math.max(1, Math.round(UART_CLOCK_HZ / (16 * baud))));
}

/**
 * The rate of a divisor, in whole baud; 0 for a divisor of 0.
 *
 * @internal
 */
export function baudOf(divisor: number): number {
  return divisor === 0 ? 0 : Math.round(UART_CLOCK_HZ / (16 * divisor));
}

/**
 * The duration of four characters in nanoseconds, after which characters below the trigger level raise the character
 * time-out interrupt (data sheet §8.4.2).
 *
 * @internal
 */
export function characterTimeoutNs(divisor: number): number {
  const bits = 4 * FRAME_BITS;
  const seconds = (bits * 16 * (divisor === 0 ? FALLBACK_DIVISOR : divisor)) / UART_CLOCK_HZ;
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
