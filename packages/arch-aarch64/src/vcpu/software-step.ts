import { State } from '../builder/layout.js';
import { Sys } from './cpu-state.js';
import type { CpuState } from './cpu-state.js';
import { Spsr } from './exceptions.js';

/** MDSCR_EL1 (Arm ARM D19.3.20). */
enum Mdscr {
  SS = 1 << 0,
  KDE = 1 << 13,
}

/** ISS of a software step exception: the debug status code, with ISV and EX where the step is known. @experimental */
export enum StepIss {
  Pending = 0x22,
  Stepped = 0x100_0022,
  SteppedExclusive = 0x100_0062,
}

/** Whether the guest steps itself at the present exception level (Arm ARM D2.12). @experimental */
export function stepActive(state: CpuState, osLocked: boolean): boolean {
  const mdscr = state.u32(Sys.MDSCR_EL1);
  if ((mdscr & Mdscr.SS) === 0 || osLocked) return false;
  return state.el === 0 || ((mdscr & Mdscr.KDE) !== 0 && (state.u32(State.daif) & Spsr.D) === 0);
}

/** The syndrome of a step over an instruction. @experimental */
export function stepIss(word: number): StepIss {
  const exclusive = (word & 0x3fc0_0000) === 0x0840_0000 && (word & 0x8020_0000) !== 0x0020_0000;
  return exclusive ? StepIss.SteppedExclusive : StepIss.Stepped;
}
