import { unpackInterpreter } from '@qvm/engine';
import type { InstructionSet } from '@qvm/engine';
import {
  builderOf,
  CODE_MODES,
  InstructionReader,
  instantiateX86Helpers,
  isRare,
  LONGEST,
  rowFeatures,
  rowsIn,
  rowsWith,
  x86Helpers,
  X86Decoder,
  x86Flags,
  X86_VERSION,
} from '@qvm/isa-x86_64';
import type { DecoderMode, InstructionParts, X86, X86Row } from '@qvm/isa-x86_64';
import { recordPlanOf } from '@qvm/jit';
import type { RecordPlan } from '@qvm/jit';
import { defaultModel } from './system/cpu-model.js';
import { walkFunction } from './system/walk-function.js';

const GEOMETRY = { unit: 1, longest: LONGEST, addressBits: 48 } as const;
/** Outside of 64-bit mode, linear addresses wrap at 4 GiB. */
const NARROW_GEOMETRY = { unit: 1, longest: LONGEST, addressBits: 32, unsigned: true } as const;
/** With sixteen registers, regions with loops keep them in locals up to this size in instructions: decision 0030. */
const PROMOTED_INSTRUCTIONS = 400;

/** Instruction sets by the features that rows depend on. */
const known = new Map<string, readonly InstructionSet<X86>[]>();

/**
 * The instruction sets of the modes of code, by {@link CodeMode}, of a processor with these features. Instructions of
 * others are not decoded, or have the meaning that they had before: LZCNT is BSR.
 *
 * @experimental
 */
export function instructionSetsOf(features: ReadonlySet<string>): readonly InstructionSet<X86>[] {
  const key = keyOf(features);
  let sets = known.get(key);
  if (sets === undefined) {
    const rows = rowsWith(features);
    const isDefault = key === keyOf(defaultModel.features);
    known.set(key, (sets = CODE_MODES.map((mode, number) => instructionSet(rows, mode, number, key, isDefault))));
  }
  return sets;
}

/** The features that rows depend on. */
const keyOf = (features: ReadonlySet<string>): string => rowFeatures.filter((feature) => features.has(feature)).join();

/**
 * Whether bytes that are no instruction of a mode are an instruction of more than 15 bytes: #GP, not #UD (SDM vol. 3,
 * 6.15, interrupt 13).
 *
 * @param bytes - from its first byte on, 15 if there are as many.
 * @experimental
 */
export function isTooLong(features: ReadonlySet<string>, mode: number, bytes: Uint8Array): boolean {
  return bytes.length >= LONGEST && describersOf(features, mode).decoder.isTooLong(bytes.subarray(0, LONGEST));
}

/**
 * The instruction of a mode at the beginning of some bytes; undefined if it is not there in full or does not exist.
 *
 * @experimental
 */
export const readInstruction = (
  features: ReadonlySet<string>,
  mode: number,
  bytes: Uint8Array,
): InstructionParts | undefined => describersOf(features, mode).reader.read(bytes);

/** Most guests run in 64-bit mode of the default model: its interpreter is made when the package is built. */
const made = async (): Promise<Uint8Array> => unpackInterpreter((await import('./made/x86-64.js')).INTERPRETER);

/** The instruction set with that interpreter. @internal */
export const madeInstructions = (): InstructionSet<X86> | undefined =>
  instructionSetsOf(defaultModel.features).find((set) => set.made !== undefined);

/** Decoders of instructions that are described, not executed. */
interface Describers {
  readonly decoder: X86Decoder;
  readonly reader: InstructionReader;
}

const describers = new WeakMap<InstructionSet<X86>, Describers>();

function describersOf(features: ReadonlySet<string>, mode: number): Describers {
  const set = instructionSetsOf(features)[mode];
  const codeMode = CODE_MODES[mode];
  if (set === undefined || codeMode === undefined) throw new Error(`there is no mode ${mode}`);
  let known = describers.get(set);
  if (known === undefined) {
    const rows = set.rows as readonly X86Row[];
    known = { decoder: new X86Decoder(rows, codeMode), reader: new InstructionReader(rows, codeMode) };
    describers.set(set, known);
  }
  return known;
}

/** @param isDefault - whether the rows are those of the default model. */
function instructionSet(
  rows: readonly X86Row[],
  mode: DecoderMode,
  number: number,
  features: string,
  isDefault: boolean,
): InstructionSet<X86> {
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
    isRare: (row, statics) => isRare(row as X86Row, statics, mode),
    walk: walkFunction,
    // Encodings of one form may be of different features, and have one handler then.
    version: `${X86_VERSION}.${PROMOTED_INSTRUCTIONS}.${features}`,
    ...(isDefault && mode.bits === 64 ? { made } : {}),
    makeDecoder: () => new X86Decoder(ofMode, mode),
    instantiateHelpers: instantiateX86Helpers,
  };
}

/** The layout of the records of x86 code. @experimental */
export const x86RecordPlan: RecordPlan = recordPlanOf(GEOMETRY);
