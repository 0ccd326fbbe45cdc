import { State } from '../builder/layout.js';
import { Sys } from './cpu-state.js';
import type { CpuState } from './cpu-state.js';
import { Spsr } from './exceptions.js';

/** MDSCR_EL1 (Arm ARM D19.3.20). */
export enum Mdscr {
  /** Software step. */
  SS = 1 << 0,
  /** Debug exceptions from EL1 itself. */
  KDE = 1 << 13,
  /** Breakpoints and watchpoints. */
  MDE = 1 << 15,
}

/** Whether debug exceptions are enabled from the present exception level, which EL1 takes (Arm ARM D2.3). @experimental */
export function debugExceptionsEnabled(state: CpuState, osLocked: boolean): boolean {
  if (osLocked) return false;
  if (state.el === 0) return true;
  return (state.u32(Sys.MDSCR_EL1) & Mdscr.KDE) !== 0 && (state.u32(State.daif) & Spsr.D) === 0;
}
