import type { InstructionSet } from '@qvm/engine';
import {
  instantiateSoftfloatX86Helpers,
  LONG_MODE,
  LONGEST,
  rowsWith,
  softfloatX86Helpers,
  X86,
  X86Decoder,
  x86Flags,
} from '@qvm/isa-x86_64';
import type { DecoderMode } from '@qvm/isa-x86_64';
import { recordPlanOf } from '@qvm/jit';
import type { RecordPlan } from '@qvm/jit';
import { IMPLEMENTED } from './system/features.js';
import { walkFunction } from './system/walk-function.js';

const GEOMETRY = { unit: 1, longest: LONGEST, addressBits: 48 } as const;
/** The modes whose code can be executed, in the order of {@link CodeMode}. */
const MODES: readonly DecoderMode[] = [LONG_MODE];

/** With sixteen registers, regions with loops keep them in locals up to this size in instructions: decision 0030. */
const PROMOTED_INSTRUCTIONS = 400;

/** The rows of all features that exist. Models that lack a feature do not report it. */
const rows = rowsWith(new Set<string>(IMPLEMENTED));

/** The instruction sets of the modes of code, by {@link CodeMode}. @experimental */
export const x86InstructionSets: readonly InstructionSet<X86>[] = MODES.map((mode, number) => ({
  rows,
  geometry: GEOMETRY,
  flags: x86Flags,
  helpers: softfloatX86Helpers,
  builder: X86,
  anyAlignment: true,
  promotedInstructions: PROMOTED_INSTRUCTIONS,
  mode: number,
  walk: walkFunction,
  makeDecoder: () => new X86Decoder(rows, mode),
  instantiateHelpers: instantiateSoftfloatX86Helpers,
}));

/** The layout of the records of x86 code. @experimental */
export const x86RecordPlan: RecordPlan = recordPlanOf(GEOMETRY);

/** Number of the modes whose code can be executed: those below it, as {@link CodeMode} numbers them. @experimental */
export const executableModes = (): number => x86InstructionSets.length;
