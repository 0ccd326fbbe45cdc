import { existsIn } from '../describe/encoding.js';
import type { Encoding, MandatoryPrefix } from '../describe/encoding.js';
import { formOf } from '../describe/forms.js';
import { formKey } from '../describe/operand.js';
import { placesOf } from '../describe/operand-code.js';
import type { OperandClass, OperandPlace } from '../describe/operand-code.js';
import type { X86Row } from '../describe/row.js';
import type { DecoderMode } from './mode.js';

/** An encoding with its row. @internal */
export interface Candidate {
  readonly row: X86Row;
  readonly encoding: Encoding;
  /** Numbers of its forms, by operand size, place of the operand of ModRM and VEX.L: see {@link formNumber}. */
  readonly forms: (number | undefined)[];
  /** Whether it has operands that are numbers, in the instruction or implied. */
  readonly hasNumbers: boolean;
  /** Whether the index register of the operand in memory is a vector. */
  readonly hasVectorIndex: boolean;
  /** Whether an operand is in the register of VEX.vvvv. */
  readonly hasVvvv: boolean;
  /** Whether not every value of ModRM.reg is the number of a register. */
  readonly hasFewRegisters: boolean;
  /** Whether it has an operand in memory that is not in ModRM, or another use of its segment. */
  readonly hasImplicitSegment: boolean;
  /** Whether REX, VEX.L and the whole ModRM byte have nothing to do with the choice of the encoding. */
  readonly isPlain: boolean;
  /** Bytes of its numbers, by operand size and address size; −1: not computed yet. */
  readonly numberBytes: Int8Array;
}

/**
 * Number of the form of a candidate.
 *
 * @param operandSize - log2 of the bytes.
 * @param inMemory - whether ModRM names memory.
 * @param vectorLength - VEX.L; otherwise 0.
 * @internal
 */
export function formNumber(
  { row, encoding, forms }: Candidate,
  operandSize: number,
  inMemory: boolean,
  vectorLength: number,
): number {
  const at = (operandSize * 2 + (inMemory ? 1 : 0)) * 2 + vectorLength;
  const known = forms[at];
  if (known !== undefined) return known;
  const key = formKey(formOf(encoding, operandSize, inMemory, vectorLength));
  const number = row.formNumbers.get(key);
  if (number === undefined) throw new Error(`${row.name} has no form ${key}`);
  return (forms[at] = number);
}

/** Prefixes that select among encodings, by the number that the decoder has for them. @internal */
export enum Selector {
  None,
  OperandSize,
  Rep,
  Repne,
}

const SELECTORS: Readonly<Record<MandatoryPrefix, readonly Selector[]>> = {
  any: [Selector.None, Selector.OperandSize, Selector.Rep, Selector.Repne],
  NR: [Selector.None, Selector.OperandSize],
  NP: [Selector.None],
  '66': [Selector.OperandSize],
  F3: [Selector.Rep],
  F2: [Selector.Repne],
};
/** ModRM.reg, and whether ModRM.mod is 3. */
const MODRM_VALUES = 16;
const REGISTER = 8;
const OPCODES = 256;
/** The last opcode map (SDM vol. 2, A.3). @internal */
export const LAST_MAP = 3;
/** Number of a map of encodings with VEX prefixes, after the others. @internal */
export const vexMap = (map: number): number => map + LAST_MAP;
/** A map without opcodes. @internal */
export const NO_MAP = vexMap(LAST_MAP) + 1;
const MAPS = NO_MAP + 1;

/** The parts of an instruction that tell its encoding. @internal */
export interface OpcodeKey {
  readonly map: number;
  readonly opcode: number;
  /** −1 if there is none. */
  readonly modRm: number;
  readonly rex: number;
  readonly vectorLength: number;
}

/**
 * The encodings of a mode by opcode map, opcode, selecting prefix and ModRM byte.
 *
 * @internal
 */
export class OpcodeTable {
  readonly #cells: (Candidate[] | undefined)[] = new Array<undefined>(MAPS * OPCODES * 4 * MODRM_VALUES);
  readonly #hasModRm = new Uint8Array(MAPS * OPCODES);

  /** @throws Error when two encodings clash, which is an error in a table. */
  constructor(rows: readonly X86Row[], mode: DecoderMode) {
    const all = rows.flatMap((row) => row.encodings.map((encoding) => candidateOf(row, encoding)));
    const inMode = all.filter(({ encoding }) => existsIn(encoding, mode));
    // Encodings for any prefix take only the places that are left.
    for (const candidate of inMode) if (candidate.encoding.prefix !== 'any') this.#add(candidate, false);
    for (const candidate of inMode) if (candidate.encoding.prefix === 'any') this.#add(candidate, true);
  }

  /** Whether an opcode has a ModRM byte. */
  hasModRm(map: number, opcode: number): boolean {
    return this.#hasModRm[map * OPCODES + opcode] !== 0;
  }

  /** The encoding of an instruction. */
  find(key: OpcodeKey, selector: Selector): Candidate | undefined {
    const modRm = Math.max(0, key.modRm);
    const place = ((modRm >> 3) & 7) | (modRm >= 0xc0 ? REGISTER : 0);
    const cell = this.#cells[cellOf(key.map, key.opcode, selector, place)];
    if (cell === undefined) return undefined;
    for (let i = 0; i < cell.length; i++) {
      const candidate = cell[i] as Candidate;
      if (candidate.isPlain || matches(candidate.encoding, modRm, key)) return candidate;
    }
    return undefined;
  }

  #add(candidate: Candidate, onlyFree: boolean): void {
    const { encoding } = candidate;
    for (let opcode = encoding.opcode; opcode < encoding.opcode + encoding.opcodes; opcode++) {
      if (encoding.hasModRm) this.#hasModRm[mapOf(encoding) * OPCODES + opcode] = 1;
      for (const selector of SELECTORS[encoding.prefix])
        for (const value of modRmValues(encoding)) this.#enter(candidate, opcode, selector, value, onlyFree);
    }
  }

  #enter(candidate: Candidate, opcode: number, selector: Selector, value: number, onlyFree: boolean): void {
    const { encoding } = candidate;
    const at = cellOf(mapOf(encoding), opcode, selector, value);
    const cell = (this.#cells[at] ??= []);
    const clash = cell.find((other) => clashes(encoding, other.encoding));
    if (clash === undefined) cell.push(candidate);
    else if (!onlyFree || clash.encoding.prefix === 'any')
      throw new Error(`"${encoding.text}" of ${candidate.row.name} clashes with ${clash.row.name}`);
    // The more specific first.
    cell.sort((x, y) => specificity(y.encoding) - specificity(x.encoding));
  }
}

/** Whether an instruction whose opcode an encoding has is the encoding's. */
function matches(encoding: Encoding, modRm: number, { rex, vectorLength }: OpcodeKey): boolean {
  return (
    (encoding.modRm < 0 || encoding.modRm === modRm) &&
    (encoding.wide === undefined || encoding.wide === ((rex & 8) !== 0)) &&
    (encoding.vectorLength === undefined || encoding.vectorLength === vectorLength) &&
    !(encoding.noRexB && (rex & 1) !== 0)
  );
}

const NUMBERS: readonly OperandPlace[] = ['immediate', 'relative', 'offset', 'pointer'];

/** Registers of which there are fewer than ModRM.reg has values. */
const FEW: readonly OperandClass[] = ['segment', 'control', 'debug'];
/** Number of operand sizes, and of address sizes. */
const SIZES = 4;

/** Place in {@link Candidate.numberBytes}. @internal */
export const numberBytesAt = (operandSize: number, addressSize: number): number => operandSize * SIZES + addressSize;

function candidateOf(row: X86Row, encoding: Encoding): Candidate {
  const { operands, modRm, wide, vectorLength, noRexB } = encoding;
  const { string, usesSegment } = row.options;
  const places = placesOf(operands);
  return {
    row,
    encoding,
    forms: [],
    hasVectorIndex: operands.some(({ vectorIndex }) => vectorIndex !== undefined),
    hasNumbers: operands.some(
      ({ place, registers }) => NUMBERS.includes(place) || (place === 'fixed' && registers === 'none'),
    ),
    hasVvvv: places.includes('vvvv'),
    hasFewRegisters: operands.some(({ place, registers }) => place === 'reg' && FEW.includes(registers)),
    hasImplicitSegment:
      string !== undefined || usesSegment === true || operands.some(({ place }) => place === 'offset'),
    isPlain: modRm < 0 && wide === undefined && vectorLength === undefined && !noRexB,
    numberBytes: new Int8Array(SIZES * SIZES).fill(-1),
  };
}

const mapOf = ({ map, vex }: Encoding): number => (vex ? vexMap(map) : map);

const cellOf = (map: number, opcode: number, selector: number, value: number): number =>
  ((map * OPCODES + opcode) * 4 + selector) * MODRM_VALUES + value;

/** The values of ModRM.reg, and of mod, that an encoding has. */
function modRmValues({ hasModRm, extension, modRm, operands, ignoresMod }: Encoding): readonly number[] {
  if (!hasModRm) return Array.from({ length: MODRM_VALUES }, (_, i) => i);
  if (modRm >= 0) return [((modRm >> 3) & 7) | (modRm >= 0xc0 ? REGISTER : 0)];
  const regs = extension >= 0 ? [extension] : [0, 1, 2, 3, 4, 5, 6, 7];
  const places = placesOf(operands);
  const isRegister = places.includes('rm-register') && !ignoresMod;
  const mods = places.includes('memory') ? [0] : isRegister ? [REGISTER] : [0, REGISTER];
  return mods.flatMap((mod) => regs.map((reg) => reg | mod));
}

/** Whether two encodings of one cell match the same instruction, and neither is more specific. */
function clashes(x: Encoding, y: Encoding): boolean {
  return x.modRm === y.modRm && x.wide === y.wide && x.vectorLength === y.vectorLength && x.noRexB === y.noRexB;
}

const specificity = ({ modRm, wide, noRexB }: Encoding): number =>
  (modRm >= 0 ? 4 : 0) + (wide === undefined ? 0 : 2) + (noRexB ? 1 : 0);
