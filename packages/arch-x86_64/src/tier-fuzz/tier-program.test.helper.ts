import { programFile } from '@qvm/isa-testing';
import type { PreparedProgram } from '@qvm/isa-testing';

/** Setup of the machine for a program. */
export interface TierSetup {
  /** Privilege level that the program runs at. */
  readonly cpl: 0 | 3;
  /** Steps of the run between two external interrupts; 0: none. */
  readonly interrupts: number;
  /** Seed of the initial contents of memory and registers. */
  readonly seed: number;
  /** Most instructions in one step of the run. */
  readonly step: number;
  /** Capacity of the code cache in pages. With a small one, pages are evicted while regions hold their code. */
  readonly codePages: number;
}

/** A program that must have the same effects in every tier: its setup, and its instructions as {@link assemble} reads them. */
export type TierProgram = PreparedProgram<TierSetup>;

/** Files in `testdata/tier-fuzz`. */
export const { formatProgram, parseProgram } = programFile<TierSetup>('; setup: ');
