import { TickRate } from '../time/tick-rate.js';

/** The divider chain's input, 32.768 kHz. */
const RATE = new TickRate(64, 1_953_125);
/** Rates that a 32.768 kHz clock cannot give otherwise: selections 1 and 2 are those of 8 and 9. */
const SLOW_SELECTIONS = [0, 8, 9] as const;

/**
 * Ticks of 32.768 kHz between two periodic interrupts, by RS (MC146818 data sheet, table 5); `undefined`: there are
 * none.
 *
 * @internal
 */
export function periodicTicks(select: number): number | undefined {
  const selection = SLOW_SELECTIONS[select] ?? select;
  return selection === 0 ? undefined : 2 ** (selection - 1);
}

/** The tick of 32.768 kHz at a time in nanoseconds. */
export function dividerTick(now: number): number {
  return RATE.ticksAt(now);
}

/** The first time in nanoseconds of a tick. */
export function dividerTime(tick: number): number {
  return RATE.timeOf(tick);
}
