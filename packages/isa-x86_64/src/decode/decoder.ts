import { STRADDLES } from '@qvm/jit';
import type { Decoded, InstructionDecoder, RawFields, RecordMemory } from '@qvm/jit';
import type { X86 } from '../builder/x86.js';
import { SystemInfo } from '../builder/exits.js';
import { Gpr } from '../builder/layout.js';
import { AH, AddressRegister, FLAT_SEGMENT } from '../builder/register-files.js';
import type { OperandCode } from '../describe/operand-code.js';
import { sizeOf } from '../describe/operand-code.js';
import type { X86Row } from '../describe/row.js';
import { decodeAddress, segmentBaseOf } from './address.js';
import type { Address } from './address.js';
import type { DecoderMode } from './mode.js';
import { formNumber, OpcodeTable } from './opcode-table.js';
import type { Candidate } from './opcode-table.js';
import { INCOMPLETE, InstructionParser, LONGEST } from './parser.js';
import { InstructionStrings } from './strings.js';

const DS = 3;
const noAddress = (): Address => ({
  base: AddressRegister.None,
  index: AddressRegister.None,
  scale: 0,
  segment: FLAT_SEGMENT,
  segmentRegister: DS,
  displacement: 0,
  relative: 0,
});
/** Fields of an instruction, under construction. */
type Fields = Record<string, number>;

/**
 * Decodes the instructions of one mode. Keys number the byte strings that it has met.
 *
 * @experimental
 */
export class X86Decoder implements InstructionDecoder<X86> {
  readonly #table: OpcodeTable;
  readonly #parser: InstructionParser;
  readonly #strings = new InstructionStrings();
  /** Of the instruction whose fields are being made. */
  #lastByte = 0;

  /** @throws Error when two encodings of the rows clash. */
  constructor(
    /** The rows that it decodes. */
    readonly rows: readonly X86Row[],
    private readonly mode: DecoderMode,
  ) {
    this.#table = new OpcodeTable(rows, mode);
    this.#parser = new InstructionParser(this.#table, mode);
  }

  get generation(): number {
    return this.#strings.generation;
  }

  keyAt({ data }: Pick<RecordMemory, 'data'>, at: number, end: number): number {
    const length = this.#parser.parse(data, at, end);
    return length === INCOMPLETE ? STRADDLES : this.#strings.keyOf(data, at, length);
  }

  /**
   * Whether an instruction is longer than {@link LONGEST} bytes, by which it is not one that does not exist.
   *
   * @param bytes - its first {@link LONGEST} bytes, or all that there are.
   */
  isTooLong(bytes: Uint8Array): boolean {
    this.#parser.parse(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
    return this.#parser.isTooLong;
  }

  lengthOf(key: number): number {
    return this.#strings.lengthOf(key);
  }

  find(key: number): Decoded<X86, X86Row> | undefined {
    const bytes = this.#strings.bytesOf(key);
    const length = this.#parser.parse(bytes, 0, LONGEST + 1);
    const { found } = this.#parser;
    if (!found) return undefined;
    const fields = this.#fields(bytes, found, length);
    return fields && { row: found.row, fields };
  }

  /** The fields of the instruction that was parsed; undefined if its prefixes are invalid. */
  #fields(bytes: DataView, candidate: Candidate, length: number): RawFields | undefined {
    const parser = this.#parser;
    const { row, encoding } = candidate;
    if (!parser.isAllowed(candidate)) return undefined;
    const inMemory = parser.isInMemory(candidate);
    const operandSize = parser.operandSize(candidate);
    const number = formNumber(candidate, operandSize, inMemory, parser.vectorLength);
    const address = inMemory ? decodeAddress(bytes, parser, this.mode, candidate.hasVectorIndex) : noAddress();
    if (row.options.popsBeforeAddress && address.base === (Gpr.RSP as number)) address.displacement += 1 << operandSize;
    if (address.relative) address.displacement += length;
    if (candidate.hasImplicitSegment) this.#implicitSegment(address);
    const fields: Fields = {
      form: number,
      r0: 0,
      first: 0,
      r1: 0,
      r2: 0,
      r3: 0,
      // Named members, because spreading is many times slower.
      base: address.base,
      index: address.index,
      scale: address.scale,
      segment: address.segment,
      segmentRegister: address.segmentRegister,
      displacement: address.displacement,
      relative: address.relative,
      immediate: 0,
      immediateHigh: 0,
      length,
      cc: parser.opcode & 15,
      rep: repOf(parser, row),
      addressSize: parser.addressSize,
      x87Opcode: ((parser.opcode & 7) << 8) | (parser.modRm & 0xff),
      systemInfo: 0,
    };
    const { operands } = encoding;
    this.#lastByte = bytes.getUint8(length - 1);
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i] as OperandCode;
      const register = this.#register(operand, sizeOf(operand.type, operandSize), inMemory);
      if (i === 0) fields['first'] = operand.first ? this.#register(operand.first, 0, inMemory) : register;
      if (register >= 0) setRegister(fields, i, register);
    }
    if (candidate.hasVectorIndex) this.#vectorIndex(operands, fields);
    if (candidate.hasNumbers) this.#immediates(bytes, candidate, length, fields);
    fields['systemInfo'] = this.#systemInfo(fields, operandSize, inMemory);
    return fields;
  }

  /** Sets the segment of a memory operand that is not in ModRM: DS or that of a prefix. */
  #implicitSegment(address: Address): void {
    address.segmentRegister = this.#parser.segment >= 0 ? this.#parser.segment : DS;
    address.segment = segmentBaseOf(address.segmentRegister, this.mode);
  }

  /** The operand in memory has its index in the field of its own register. */
  #vectorIndex(operands: readonly OperandCode[], fields: Fields): void {
    const place = operands.findIndex(({ vectorIndex }) => vectorIndex !== undefined);
    setRegister(fields, place, this.#parser.vectorIndex);
  }

  /** Number of a register operand, or −1. */
  #register({ place, registers, fixed }: OperandCode, size: number, inMemory: boolean): number {
    const { rex, modRm, opcode } = this.#parser;
    switch (place) {
      case 'fixed':
        return registers === 'none' ? -1 : fixed;
      case 'opcode':
        return this.#numbered((opcode & 7) | ((rex & 1) << 3), size);
      case 'reg': {
        const low = (modRm >> 3) & 7;
        if (registers === 'segment' || registers === 'mmx') return low;
        const number = low | ((rex & 4) << 1);
        return registers === 'general' ? this.#numbered(number, size) : number;
      }
      case 'vvvv':
        return this.#parser.vvvv;
      case 'is4':
        return (this.#lastByte >> 4) & (this.mode.bits === 64 ? 15 : 7);
      case 'rm':
      case 'rm-register': {
        if (inMemory) return -1;
        if (registers === 'mmx') return modRm & 7;
        const number = (modRm & 7) | ((rex & 1) << 3);
        return registers === 'general' ? this.#numbered(number, size) : number;
      }
      default:
        return -1;
    }
  }

  /** Without REX, numbers 4–7 are AH, CH, DH and BH for bytes (SDM vol. 1, 3.7.2.1). */
  #numbered(number: number, size: number): number {
    return size === 0 && this.#parser.rex === 0 && number >= 4 ? AH + number - 4 : number;
  }

  /** The numbers of an instruction, which are its last bytes. */
  #immediates(bytes: DataView, candidate: Candidate, length: number, fields: Fields): void {
    const { operands } = candidate.encoding;
    let at = length - this.#parser.numberBytes(candidate);
    let second = false;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i] as OperandCode;
      const size = this.#parser.immediateSize(operand, candidate);
      if (operand.place === 'fixed' && operand.registers === 'none') fields['immediate'] = operand.fixed;
      if (size === 0) continue;
      if (operand.place === 'pointer') {
        fields['immediate'] = size === 4 ? bytes.getUint16(at, true) : bytes.getInt32(at, true);
        fields['immediateHigh'] = bytes.getUint16(at + size - 2, true);
        continue;
      }
      const value = size === 8 ? bytes.getInt32(at, true) : signedAt(bytes, at, size);
      if (second) fields['immediate']! |= (value & 0xff) << 16;
      else {
        // Narrow operands are zero-extended where they are used.
        const destination = i > 0 ? sizeOf((operands[0] as OperandCode).type, this.#parser.operandSize(candidate)) : 3;
        fields['immediate'] =
          operand.place === 'offset'
            ? offsetOf(value, size)
            : operand.place === 'immediate' && destination < 2
              ? cut(value, destination)
              : value;
        fields['immediateHigh'] =
          size === 8 ? bytes.getInt32(at + 4, true) : operand.place === 'offset' ? 0 : value >> 31;
      }
      second = true;
      at += size;
    }
  }

  #systemInfo(fields: Fields, operandSize: number, inMemory: boolean): number {
    const { rex, modRm } = this.#parser;
    const info =
      ((((modRm >> 3) & 7) | ((rex & 4) << 1)) << SystemInfo.regShift) |
      (((modRm & 7) | ((rex & 1) << 3)) << SystemInfo.rmShift) |
      (operandSize << SystemInfo.sizeShift) |
      (inMemory ? SystemInfo.memory : 0) |
      ((fields['segmentRegister'] as number) << SystemInfo.segmentShift) |
      (((fields['immediate'] as number) & 0xff) << SystemInfo.immediateShift);
    if (modRm >= 0) return info;
    const repeat = this.#parser.repeat === 0 ? 0 : 1 << SystemInfo.repeatShift;
    const addressSize = this.#parser.addressSize << SystemInfo.rmShift;
    return (info & ~(0xff << SystemInfo.regShift)) | repeat | addressSize;
  }
}

/** Sets the field of the register operand with a number. */
function setRegister(fields: Fields, operand: number, register: number): void {
  // Named members, because computed names are many times slower.
  if (operand === 0) fields['r0'] = register;
  else if (operand === 1) fields['r1'] = register;
  else if (operand === 2) fields['r2'] = register;
  else fields['r3'] = register;
}

/** The static choice for the REP prefix of a row. */
function repOf({ repeat }: InstructionParser, { options }: X86Row): number {
  if (options.string === undefined || repeat === 0) return 0;
  return repeat === 0xf2 && options.string === 'repe' ? 2 : 1;
}

/** An absolute address is unsigned. */
const offsetOf = (value: number, size: number): number => (size === 2 ? value & 0xffff : value);

function signedAt(bytes: DataView, at: number, size: number): number {
  return size === 1 ? bytes.getInt8(at) : size === 2 ? bytes.getInt16(at, true) : bytes.getInt32(at, true);
}

const cut = (value: number, size: number): number => value & (size === 0 ? 0xff : 0xffff);
