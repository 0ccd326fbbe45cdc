import { programFile } from '@qvm/isa-testing';
import type { PreparedProgram } from '@qvm/isa-testing';

/** The mode that a program runs in: 64-bit mode; compatibility mode; protected mode with flat or other segments; real-address mode; virtual-8086 mode. */
export type TierMode = (typeof TIER_MODES)[number];

/** All modes of programs. */
export const TIER_MODES = [
  ...([
    'long',
    'compatibility16',
    'compatibility32',
    'flat32',
    'protected16',
    'protected32',
    'real',
    'virtual8086',
  ] as const),
] as const;

/** Setup of the machine for a program. */
export interface TierSetup {
  /** Mode of the program. */
  readonly mode: TierMode;
  /** Privilege level that the program runs at. */
  readonly cpl: 0 | 3;
  /** Steps of the run between two external interrupts; 0: none. */
  readonly interrupts: number;
  /** Whether external interrupts take pages of code and data away, which page faults bring back. In 64-bit mode only. */
  readonly demand: boolean;
  /** Seed of the initial contents of memory and registers. */
  readonly seed: number;
  /** Instructions in one step of the run, in the mean: their number is random. */
  readonly step: number;
  /** Capacity of the code cache in pages. With a small one, pages are evicted while regions hold their code. */
  readonly codePages: number;
}

/** A program that must have the same effects in every tier: its setup, and its instructions as {@link assemble} reads them. */
export type TierProgram = PreparedProgram<TierSetup>;

/** Files in `testdata/tier-fuzz`. */
export const { formatProgram, parseProgram } = programFile<TierSetup>('; setup: ');
