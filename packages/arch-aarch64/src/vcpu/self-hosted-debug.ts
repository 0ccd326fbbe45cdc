import { State } from '@qvm/isa-aarch64';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
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
export function debugExceptionsEnabled(state: Aarch64State, osLocked: boolean): boolean {
  if (osLocked) return false;
  if (state.el === 0) return true;
  return (state.u32(Sys.MDSCR_EL1) & Mdscr.KDE) !== 0 && (state.u32(State.daif) & Spsr.D) === 0;
}

/**
 * Fields that DBGBCR<n>_EL1 and DBGWCR<n>_EL1 have in common (Arm ARM D19.3.2, D19.3.11).
 *
 * @experimental
 */
export interface DebugMatch {
  readonly enabled: boolean;
  /** Exception levels at which it matches: bit 0 EL1, bit 1 EL0. */
  readonly levels: number;
  /** Number of the linked context breakpoint, if it is linked. */
  readonly linked: number;
}

/** SSC: only in Secure state, which does not exist. */
const SECURE_ONLY = 2;

/** Decodes a control register. @experimental */
export function debugMatch(control: number): DebugMatch {
  const secureOnly = ((control >>> 14) & 3) === SECURE_ONLY;
  return {
    enabled: (control & 1) !== 0,
    levels: secureOnly ? 0 : (control >>> 1) & 3,
    linked: (control >>> 16) & 15,
  };
}

/** Whether it matches at EL1 or EL0. @experimental */
export const matchesLevel = ({ levels }: DebugMatch, privileged: boolean): boolean =>
  (levels & (privileged ? 1 : 2)) !== 0;
