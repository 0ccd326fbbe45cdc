import { programFile } from '@qvm/isa-testing';
import type { PreparedProgram } from '@qvm/isa-testing';

/** Setup of the machine for a program. */
export interface TierSetup {
  /** Exception level that the program runs at. */
  readonly el: 0 | 1;
  readonly mmu: boolean;
  /** Ticks between two timer interrupts; 0: none. */
  readonly timer: number;
  /** Seed of the initial contents of memory and registers. */
  readonly seed: number;
  /** Most instructions in one step of the VM. */
  readonly step: number;
  /** Capacity of the code cache in pages. With a small one, pages are evicted while regions hold their code. */
  readonly codePages: number;
}

/** A program that must have the same effects in every tier: its setup and its assembly, line by line. */
export type TierProgram = PreparedProgram<TierSetup>;

/** Files in `testdata/tier-fuzz`. */
export const { formatProgram, parseProgram } = programFile<TierSetup>('// setup: ');
