import { existsIn, operandSizeOf, x86Rows } from '@qvm/isa-x86_64';
import type { DecoderMode, Encoding, X86Row } from '@qvm/isa-x86_64';
import { INVALID } from '../invalid.js';
import { syntaxOf } from '../syntax/syntax.js';
import type { Syntax } from '../syntax/syntax.js';

/** An encoding with all that its mnemonic determines. */
export interface Candidate {
  readonly row: X86Row;
  readonly encoding: Encoding;
  readonly syntax: Syntax;
  /** log2 of the operand size in bytes. */
  readonly operandSize: number;
  /** VEX.L. */
  readonly vectorLength: number;
  /** Prefix 66, as operand size. */
  readonly operandPrefix: boolean;
  /** REX.W. */
  readonly wide: boolean;
  /** Prefix 67 although no operand asks for it. */
  readonly addressPrefix: boolean;
  readonly opcode: number;
  /** ModRM.reg of an encoding that does not use it. */
  readonly reg: number;
  /** Whether operands are not written: those of string instructions. */
  readonly isBare: boolean;
}

const BY_OPERAND_SIZE = new Set(['v', 'z', 'y', 'p']);
const REGS = [0, 1, 2, 3, 4, 5, 6, 7];

/** Other names of conditions. */
const CONDITIONS: Readonly<Record<string, readonly string[]>> = {
  e: ['z'],
  ne: ['nz'],
  b: ['c', 'nae'],
  ae: ['nc', 'nb'],
  a: ['nbe'],
  be: ['na'],
  p: ['pe'],
  np: ['po'],
  l: ['nge'],
  ge: ['nl'],
  g: ['nle'],
  le: ['ng'],
};
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  movabs: ['mov'],
  shl: ['sal'],
  fwait: ['wait'],
  loope: ['loopz'],
  loopne: ['loopnz'],
};

/** The candidates of a mode by mnemonic, in the order of the rows. */
export function candidatesOf(mode: DecoderMode): ReadonlyMap<string, readonly Candidate[]> {
  const found = new Map<string, Candidate[]>();
  const add = (mnemonic: string, candidate: Candidate): void => {
    const known = found.get(mnemonic);
    if (known) known.push(candidate);
    else found.set(mnemonic, [candidate]);
  };
  for (const row of x86Rows) {
    if (row.name === INVALID) continue;
    for (const encoding of row.encodings) {
      if (!existsIn(encoding, mode)) continue;
      for (const candidate of variantsOf(row, encoding, mode))
        for (const name of namesOf(candidate, mode)) add(name, candidate);
    }
  }
  return found;
}

function namesOf(candidate: Candidate, { bits }: DecoderMode): readonly string[] {
  const { row, encoding, syntax, opcode, operandSize, reg, isBare, addressPrefix } = candidate;
  const modRm = encoding.modRm >= 0 ? encoding.modRm : reg << 3;
  const own = bits === 64 ? 3 : bits === 32 ? 2 : 1;
  const addressSize = addressPrefix ? (bits === 32 ? 1 : 2) : own;
  const name = syntax.mnemonic({ encoding, opcode, modRm, operandSize, addressSize, bits });
  if (isBare) return [name + ('bwdq'[encoding.operands[0]?.type === 'b' ? 0 : operandSize] as string)];
  const condition = row.options.cc ? /^(j|cmov|set)(.*)$/.exec(name) : null;
  const others = condition
    ? (CONDITIONS[condition[2] as string] ?? []).map((other) => `${condition[1]}${other}`)
    : (ALIASES[name] ?? []);
  return [name, ...others];
}

/** Combinations of prefixes that matter, opcodes, and values of an unused ModRM.reg. */
function* variantsOf(row: X86Row, encoding: Encoding, mode: DecoderMode): Generator<Candidate> {
  const syntax = syntaxOf(row, encoding);
  const types = encoding.operands.map(({ type }) => type);
  const isSized = types.some((type) => BY_OPERAND_SIZE.has(type));
  const sizes = new Set<number>();
  const isLong = mode.bits === 64;
  for (const [operandPrefix, wide] of [
    [false, false],
    [true, false],
    [false, true],
  ] as const) {
    // Outside of 64-bit mode, only VEX prefixes have a W, where it tells instructions apart.
    if (wide && !isLong && !(encoding.vex && encoding.wide)) continue;
    if ((encoding.wide ?? wide) !== wide) continue;
    if (operandPrefix && (encoding.prefix === '66' || encoding.vex || !isSized)) continue;
    if (wide && !isSized && encoding.wide === undefined) continue;
    const operandSize = operandSizeOf(encoding, mode, operandPrefix, wide);
    if (sizes.has(operandSize)) continue;
    sizes.add(operandSize);
    for (const vectorLength of vectorLengthsOf(encoding))
      for (const rest of shapesOf(row, encoding))
        yield { row, encoding, syntax, operandSize, vectorLength, operandPrefix, wide, ...rest };
  }
}

/** Values of VEX.L that matter. */
function vectorLengthsOf({ vex, vectorLength, operands }: Encoding): readonly number[] {
  if (vectorLength !== undefined) return [vectorLength];
  return vex && operands.some(({ type }) => type.startsWith('x')) ? [0, 1] : [0];
}

type Shape = Pick<Candidate, 'opcode' | 'reg' | 'addressPrefix' | 'isBare'>;

function* shapesOf(
  { options, name }: X86Row,
  { opcode, opcodes, hasModRm, extension, modRm, operands }: Encoding,
): Generator<Shape> {
  const count = opcodes === 16 ? 16 : 1;
  const isFree = hasModRm && extension < 0 && modRm < 0 && !operands.some(({ place }) => place === 'reg');
  const isString = (options.string !== undefined && name !== 'XLAT') || (options.usesSegment === true && !hasModRm);
  for (let i = 0; i < count; i++)
    for (const reg of isFree ? REGS : [Math.max(0, extension)])
      for (const addressPrefix of options.counted ? [false, true] : [false])
        for (const isBare of isString ? [false, true] : [false])
          yield { opcode: opcode + i, reg, addressPrefix, isBare };
}
