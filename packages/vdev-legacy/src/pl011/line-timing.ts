/** UARTCLK as in the device tree: the 24 MHz `apb-pclk`. */
const UARTCLK_HZ = 24_000_000;
/** Rate of a console until the guest sets one. */
const DEFAULT_BAUD = 115_200;
/** Longest time-out, so that a guest that sets a rate of a few baud still gets its input promptly. */
const MAX_TIMEOUT_NS = 1_000_000;

/**
 * The duration of 32 bit periods in nanoseconds, after which characters below the trigger level raise the receive
 * timeout interrupt (DDI 0183 §2.8.5). The divisor is IBRD + FBRD / 64, and divides UARTCLK / 16 (§3.3.6).
 *
 * @internal
 */
export function receiveTimeoutNs(integerDivisor: number, fractionalDivisor: number): number {
  const divisor = integerDivisor + fractionalDivisor / 64;
  const baud = integerDivisor === 0 ? DEFAULT_BAUD : UARTCLK_HZ / (16 * divisor);
  return Math.min(MAX_TIMEOUT_NS, Math.ceil((32 * 1e9) / baud));
}

/** Characters in the FIFO that raise RX, by IFLS.RXIFLSEL: 1/8, 1/4, 1/2, 3/4, 7/8 of 16 (§3.3.9). */
const RX_TRIGGER_LEVELS = [2, 4, 8, 12, 14] as const;

/**
 * The receive trigger level. Reserved selections act as the highest one.
 *
 * @internal
 */
export function receiveTrigger(ifls: number, fifoEnabled: boolean): number {
  return fifoEnabled ? (RX_TRIGGER_LEVELS[(ifls >>> 3) & 7] ?? 14) : 1;
}
