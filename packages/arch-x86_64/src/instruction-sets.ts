import type { InstructionSet } from '@qvm/engine';
import {
  builderOf,
  CODE_MODES,
  instantiateX86Helpers,
  LONGEST,
  rowsIn,
  rowsWith,
  x86Helpers,
  X86Decoder,
  x86Flags,
} from '@qvm/isa-x86_64';
import type { DecoderMode, X86 } from '@qvm/isa-x86_64';
import { recordPlanOf } from '@qvm/jit';
import type { RecordPlan } from '@qvm/jit';
import { IMPLEMENTED } from './system/features.js';
import { walkFunction } from './system/walk-function.js';

const GEOMETRY = { unit: 1, longest: LONGEST, addressBits: 48 } as const;
/** Outside of 64-bit mode, linear addresses wrap at 4 GiB. */
const NARROW_GEOMETRY = { unit: 1, longest: LONGEST, addressBits: 32, unsigned: true } as const;
/** With sixteen registers, regions with loops keep them in locals up to this size in instructions: decision 0030. */
const PROMOTED_INSTRUCTIONS = 400;

/** The rows of all features that exist. Models that lack a feature do not report it. */
const rows = rowsWith(new Set<string>(IMPLEMENTED));

/** The instruction sets of the modes of code, by {@link CodeMode}. @experimental */
export const x86InstructionSets: readonly InstructionSet<X86>[] = CODE_MODES.map(instructionSet);

function instructionSet(mode: DecoderMode, number: number): InstructionSet<X86> {
  const ofMode = rowsIn(rows, mode);
  return {
    rows: ofMode,
    geometry: mode.bits === 64 ? GEOMETRY : NARROW_GEOMETRY,
    flags: x86Flags,
    helpers: x86Helpers,
    builder: builderOf(mode),
    anyAlignment: true,
    promotedInstructions: PROMOTED_INSTRUCTIONS,
    mode: number,
    walk: walkFunction,
    makeDecoder: () => new X86Decoder(ofMode, mode),
    instantiateHelpers: instantiateX86Helpers,
  };
}

/** The layout of the records of x86 code. @experimental */
export const x86RecordPlan: RecordPlan = recordPlanOf(GEOMETRY);
