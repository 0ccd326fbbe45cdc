import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import { debugExceptionsEnabled, Mdscr } from './self-hosted-debug.js';

/**
 * ISS of a software step exception: the debug status code, with ISV and EX if the stepped instruction is known.
 *
 * @experimental
 */
export enum StepIss {
  Pending = 0x22,
  Stepped = 0x100_0022,
  SteppedExclusive = 0x100_0062,
}

/** Whether software step is active at the present exception level (Arm ARM D2.12). @experimental */
export function stepActive(state: Aarch64State, osLocked: boolean): boolean {
  return (state.u32(Sys.MDSCR_EL1) & Mdscr.SS) !== 0 && debugExceptionsEnabled(state, osLocked);
}

/** The syndrome of a step over the instruction `word`. @experimental */
export function stepIss(word: number): StepIss {
  const exclusive = (word & 0x3fc0_0000) === 0x0840_0000 && (word & 0x8020_0000) !== 0x0020_0000;
  return exclusive ? StepIss.SteppedExclusive : StepIss.Stepped;
}
