import { byte, derived, fixedRegister, int, place, register, small, target, wide } from '@qvm/jit';
import type { RawFields, Reg, Row, V } from '@qvm/jit';
import { AddressRegister, FLAT_SEGMENT } from '../builder/register-files.js';
import type { X86 } from '../builder/x86.js';
import { CONDITIONS } from '../builder/flags.js';
import type { DecoderMode } from '../decode/mode.js';
import { existsIn, parseEncoding } from './encoding.js';
import type { Encoding } from './encoding.js';
import { formsOf } from './forms.js';
import { WIDE_VECTOR, halfOf } from './halves.js';
import type { Form, FormOperand, Operand } from './operand.js';
import { formKey } from './operand.js';
import type { InstructionInfo } from './instruction-info.js';

/** Operands of an instruction, destination first; an instruction has as many as its encodings. @experimental */
export type Operands = readonly [Operand, Operand, Operand, Operand];

/** Writes what an instruction does. @experimental */
export type Semantics = (b: X86, operands: Operands, info: InstructionInfo) => void;

/** A row of the x86 tables: an operation and its encodings. @experimental */
export interface X86Row extends Row<X86> {
  /** The encodings. */
  readonly encodings: readonly Encoding[];
  /** The forms, by number. */
  readonly forms: readonly Form[];
  /** Numbers of the forms by their texts. */
  readonly formNumbers: ReadonlyMap<string, number>;
  /** Optional parts. */
  readonly options: RowOptions;
  /** The effect of the instruction. */
  readonly effect: Semantics;
}

/** Optional parts of a row. @experimental */
export interface RowOptions {
  /** Whether the condition is part of the operation (`+cc`). */
  readonly cc?: boolean;
  /** Whether the operation jumps to a relative target. */
  readonly jumps?: boolean;
  /** The address size is static, because it is that of a counter. */
  readonly counted?: boolean;
  /** A string instruction: REP and address size are static. */
  readonly string?: 'rep' | 'repe';
  /** The operand in memory is not in ModRM: in DS, or in the segment of a prefix. */
  readonly usesSegment?: boolean;
  /** The factor of the index and the address size are static, because the operands need the room in a record. */
  readonly staticScale?: boolean;
  /** An address that is relative to RSP counts from its value after the pop (SDM vol. 2, POP). */
  readonly popsBeforeAddress?: boolean;
  /** Whether the semantic function gets vectors of 256 bits as a whole; otherwise it is called for both halves. */
  readonly whole?: boolean;
  /** Feature that CPUID must claim, such as `sse4_1`. Default: every processor. */
  readonly feature?: string;
}

const wideOf = ({ immediate, immediateHigh }: RawFields): bigint =>
  (BigInt(immediateHigh as number) << 32n) | BigInt((immediate as number) >>> 0);

// Functions of their own, because a computed name is many times slower.
const OPERANDS: Row<X86>['operands'] = {
  r0: register(({ r0 }) => r0 as number),
  r1: register(({ r1 }) => r1 as number),
  r2: register(({ r2 }) => r2 as number),
  r3: register(({ r3 }) => r3 as number),
  first: register(({ first }) => first as number),
  n0: byte(({ r0 }) => r0 as number),
  n1: byte(({ r1 }) => r1 as number),
  n2: byte(({ r2 }) => r2 as number),
  base: register(({ base }) => base as number),
  index: register(({ index }) => index as number),
  segment: register(({ segment }) => segment as number),
  scale: byte(({ scale }) => scale as number),
  displacement: place(
    ({ displacement }) => displacement as number,
    ({ relative }) => relative === 1,
  ),
  immediate: int(({ immediate }) => immediate as number),
  wide: wide(wideOf),
  systemInfo: int(({ systemInfo }) => systemInfo as number),
  x87Opcode: small(({ x87Opcode }) => x87Opcode as number),
};
const JUMP_OPERANDS: Row<X86>['operands'] = {
  ...OPERANDS,
  target: target(({ immediate, length }) => (immediate as number) + (length as number)),
};

/** A string instruction jumps to itself. */
const REPEAT_OPERANDS: Row<X86>['operands'] = { ...OPERANDS, target: target(() => 0) };

/** Vector instructions, and all with a VEX prefix, have only immediates of a byte, which are not extended. */
const VECTOR_OPERANDS: Row<X86>['operands'] = {
  ...OPERANDS,
  immediate: byte(({ immediate }) => (immediate as number) & 0xff),
};

function operandTable(encodings: readonly Encoding[], { string, jumps }: RowOptions): Row<X86>['operands'] {
  if (string) return REPEAT_OPERANDS;
  if (jumps) return JUMP_OPERANDS;
  const usesVectors = encodings.some(({ operands }) =>
    operands.some(({ registers }) => registers === 'xmm' || registers === 'mmx'),
  );
  return usesVectors || encodings.every(({ vex }) => vex) ? VECTOR_OPERANDS : OPERANDS;
}

/** The arguments as `jit` gives them. */
interface Arguments extends Omit<InstructionInfo, 'size' | 'segmented' | 'vex'> {
  readonly form: number;
  /** 1 or 0; absent if all segments are alike. */
  readonly segmented?: number;
  readonly r0: Reg;
  readonly r1: Reg;
  readonly r2: Reg;
  readonly r3: Reg;
  readonly first: Reg;
  readonly n0: V;
  readonly n1: V;
  readonly n2: V;
  readonly base: Reg;
  readonly index: Reg;
  readonly scale: V;
  readonly displacement: V;
  readonly staticScale?: number;
}

/**
 * Makes a row.
 *
 * @param section - page of the instruction in the SDM, vol. 2, or section of another volume.
 * @param name - the mnemonic.
 * @param encodings - see `parseEncoding`.
 * @throws Error for an encoding that it cannot parse.
 * @experimental
 */
export function inst(
  section: string,
  name: string,
  encodings: readonly string[],
  options: RowOptions,
  semantics: Semantics,
): X86Row {
  return makeRow({ section, name, encodings: encodings.map(parseEncoding), options, effect: semantics });
}

/** The part of a row in one mode: the encodings and forms that exist there; undefined if there are none. @experimental */
export function rowIn(row: X86Row, mode: DecoderMode): X86Row | undefined {
  const encodings = row.encodings.filter((encoding) => existsIn(encoding, mode));
  return encodings.length === 0 ? undefined : makeRow(partsOf(row, encodings), mode);
}

/** The part of a row that a processor with these features has: its encodings and forms; undefined if there are none. @experimental */
export function rowWith(row: X86Row, features: ReadonlySet<string>): X86Row | undefined {
  const has = (feature: string | undefined): boolean => feature === undefined || features.has(feature);
  if (!has(row.options.feature)) return undefined;
  const encodings = row.encodings.filter(({ feature }) => has(feature));
  if (encodings.length === row.encodings.length) return row;
  return encodings.length === 0 ? undefined : makeRow(partsOf(row, encodings));
}

/** The parts of a row that its author gives. */
type RowParts = Pick<X86Row, 'section' | 'name' | 'encodings' | 'options' | 'effect'>;

/** The parts of a row with some of its encodings. */
const partsOf = ({ section, name, options, effect }: X86Row, encodings: readonly Encoding[]): RowParts => ({
  section,
  name,
  encodings,
  options,
  effect,
});

const makeRow = (parts: RowParts, mode?: DecoderMode): X86Row => new TableRow(parts, mode);

/** A row of one mode or of all. Its forms are made when they are first asked for: most rows of all modes are never. */
class TableRow implements X86Row {
  readonly section: string;
  readonly name: string;
  readonly encodings: readonly Encoding[];
  readonly options: RowOptions;
  readonly effect: Semantics;
  readonly fields = [];
  readonly operands: X86Row['operands'];
  #forms: readonly Form[] | undefined;
  #formNumbers: ReadonlyMap<string, number> | undefined;
  #derived: X86Row['derived'] | undefined;
  #accesses: readonly boolean[] | undefined;
  readonly #allVex: boolean;

  constructor(
    { section, name, encodings, options, effect }: RowParts,
    private readonly mode: DecoderMode | undefined,
  ) {
    this.section = section;
    this.name = name;
    this.encodings = encodings;
    this.options = options;
    this.effect = effect;
    this.operands = operandTable(encodings, options);
    this.#allVex = encodings.every(({ vex }) => vex);
  }

  get forms(): readonly Form[] {
    return (this.#forms ??= formsOf(this.encodings, this.mode));
  }

  get formNumbers(): ReadonlyMap<string, number> {
    return (this.#formNumbers ??= new Map(this.forms.map((form, i) => [formKey(form), i])));
  }

  get derived(): X86Row['derived'] {
    return (this.#derived ??= derivedOf(this.forms.length, this.options, this.mode));
  }

  valid({ addressSize, segmented = 0, staticScale = 0, form = 0 }: RawFields): boolean {
    const { mode, options } = this;
    const smallest = mode?.bits === 64 ? 2 : 1;
    const size = addressSize ?? smallest;
    this.#accesses ??= this.forms.map(({ operands }) => operands.some(isAccess));
    const accesses = this.#accesses[form] === true;
    const implicit = options.string !== undefined || options.usesSegment === true;
    return (
      (staticScale === 0 || (accesses && hasScale(staticScale, mode))) &&
      size >= smallest &&
      (mode === undefined || size < smallest + ADDRESS_SIZES) &&
      (segmented === 0 || implicit || accesses)
    );
  }

  semantics(b: X86, args: never): void {
    const given = args as Arguments;
    const form = this.forms[given.form] as Form;
    b.checkFetch();
    const { vex } = form;
    if (vex || this.#allVex) b.requireProtectedMode();
    const operands = operandsOf(b, form, given);
    // Named members, because spreading is many times slower.
    const { cc = 0, rep, addressSize, segment, target, immediate, systemInfo, wide, x87Opcode } = given;
    const segmented = given.segmented !== 0;
    const info = {
      size: form.size,
      cc,
      rep,
      addressSize,
      segment,
      segmented,
      target,
      immediate,
      systemInfo,
      wide,
      x87Opcode,
      vex,
    };
    if (this.options.whole || !isWide(form)) this.effect(b, operands as unknown as Operands, info);
    else this.#forHalves(b, operands, info);
  }

  #forHalves(b: X86, operands: readonly Operand[], info: InstructionInfo): void {
    b.forHalves((half) => this.effect(b, halvesOf(operands, half), info));
  }
}

const isAccess = ({ kind }: FormOperand): boolean => kind === 'memory' || kind === 'offset';

/** The static choices of a row. */
const derivedOf = (forms: number, options: RowOptions, mode: DecoderMode | undefined): X86Row['derived'] => ({
  form: derived(forms, ({ form }) => form as number),
  ...(options.cc ? { cc: derived(CONDITIONS, ({ cc }) => cc as number) } : {}),
  ...(options.string ? { rep: derived(options.string === 'rep' ? 2 : 3, ({ rep }) => rep as number) } : {}),
  ...(options.string || options.counted ? { addressSize: derived(4, ({ addressSize }) => addressSize as number) } : {}),
  ...(options.staticScale ? { staticScale: derived(SCALES, ({ scale }) => packScale(scale as number)) } : {}),
  // In flat code, most accesses need no checks of a segment.
  ...(mode?.flat && mode.bits !== 64 ? { segmented: derived(2, isSegmented) } : {}),
});

/** Number of values of {@link packScale}. */
const SCALES = 16;
/** The bits of `MemoryOperand.scale` side by side: log2 of the factor, then how the address is cut. */
const packScale = (scale: number): number => (scale & 3) | ((scale >> 2) & 12);
const unpackScale = (packed: number): number => (packed & 3) | ((packed & 12) << 2);

/** Whether a mode has addresses with a packed scale: whole ones, and those that are cut by a prefix or by default. */
function hasScale(packed: number, mode: DecoderMode | undefined): boolean {
  const cut = packed >> 2;
  if (mode?.bits === 64) return cut === 0 || cut === 2;
  // The forms of 16 bits have no factor.
  return mode === undefined || cut === 0 || packed === 4;
}

/** Number of address sizes in each mode. */
const ADDRESS_SIZES = 2;

const isSegmented = ({ segment }: RawFields): number => (segment === FLAT_SEGMENT ? 0 : 1);

/** Whether a form has vectors of 256 bits. */
const isWide = ({ operands }: Form): boolean => operands.some(({ size }) => size === WIDE_VECTOR);

/** The operands for one half of vectors of 256 bits. */
const halvesOf = (operands: readonly Operand[], half: 0 | 1): Operands =>
  operands.map((operand) => halfOf(operand, half)) as unknown as Operands;

function operandsOf(b: X86, { operands, vex }: Form, args: Arguments): Operand[] {
  return operands.map((operand, i) => operandOf(b, operand, i, args, vex));
}

const registerOf = ({ r0, r1, r2, r3 }: Arguments, i: number): Reg => (i === 0 ? r0 : i === 1 ? r1 : i === 2 ? r2 : r3);

function operandOf(
  b: X86,
  { kind, size, registers = 'none' }: FormOperand,
  i: number,
  args: Arguments,
  vex: boolean,
): Operand {
  const { base, index, segment, displacement, staticScale } = args;
  const segmented = args.segmented !== 0;
  switch (kind) {
    case 'register': {
      const register = registerOf(args, i);
      const number = i === 0 ? args.n0 : i === 1 ? args.n1 : i === 2 ? args.n2 : b.i32(0);
      return { kind, size, registers, register, number, first: i === 0 ? args.first : register, vex };
    }
    case 'memory': {
      const scale = staticScale === undefined ? args.scale : b.i32(unpackScale(staticScale));
      const vectorIndex = registerOf(args, i);
      return { kind, size, base, index, scale, segment, segmented, displacement, vectorIndex, vex };
    }
    case 'offset': {
      const none = fixedRegister(AddressRegister.None);
      return {
        kind: 'memory',
        size,
        base: none,
        index: none,
        scale: b.i32(0),
        segment,
        segmented,
        displacement: args.wide,
        vectorIndex: none,
        vex,
      };
    }
    case 'immediate':
      return { kind, size, value: args.immediate };
    case 'wide':
      return { kind: 'immediate', size, value: args.wide };
  }
}
