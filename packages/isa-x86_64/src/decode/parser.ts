import type { Encoding } from '../describe/encoding.js';
import type { OperandClass, OperandCode } from '../describe/operand-code.js';
import type { DecoderMode } from './mode.js';
import { LAST_MAP, NO_MAP, Selector, numberBytesAt, vexMap } from './opcode-table.js';
import type { Candidate, OpcodeTable } from './opcode-table.js';

/** Longest instruction in bytes (SDM vol. 2, 2.3.11). @experimental */
export const LONGEST = 15;

/** Results of {@link InstructionParser.parse} that are no length. @internal */
export const INCOMPLETE = -1;

const SEGMENT_REGISTERS = 6;
const CS = 1;
const DEBUG_REGISTERS = 8;
/** CR0, CR2, CR3, CR4 and CR8: others do not exist (SDM vol. 2, MOV to/from control registers). */
const CONTROL_REGISTERS: ReadonlySet<number> = new Set([0, 2, 3, 4, 8]);

/** First bytes of VEX prefixes of three and two bytes. */
const [VEX3, VEX2] = [0xc4, 0xc5];

/** Number of the segment register of each prefix byte (SDM vol. 2, 2.1.1); −1 for other bytes. */
const SEGMENT_PREFIXES = new Int8Array(256).fill(-1);
[0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65].forEach((prefix, segment) => (SEGMENT_PREFIXES[prefix] = segment));

/**
 * log2 of the operand size in bytes, 1 to 3, that an encoding has with prefixes (SDM vol. 1, table 3-4).
 *
 * @param operandPrefix - whether there is a prefix 66.
 * @param wide - REX.W.
 * @experimental
 */
export function operandSizeOf(
  { default64, prefix }: Encoding,
  { bits }: DecoderMode,
  operandPrefix: boolean,
  wide: boolean,
): number {
  const prefixed = operandPrefix && prefix !== '66';
  if (bits !== 64) return prefixed === (bits === 32) ? 1 : 2;
  if (default64 === 'f64' || wide) return 3;
  if (prefixed) return 1;
  return default64 === 'd64' ? 3 : 2;
}

/**
 * Finds the parts of an instruction: prefixes, opcode, ModRM, and its length. The fields have the parts of the
 * instruction that was parsed last.
 *
 * @internal
 */
export class InstructionParser {
  rex = 0;
  /** 66. */
  operandPrefix = false;
  /** 67. */
  addressPrefix = false;
  /** F0. */
  lock = false;
  /** F3 or F2, the last that was given; 0 if none. */
  repeat = 0;
  /** Number of the segment register of a prefix; −1 if none. */
  segment = -1;
  map = 0;
  opcode = 0;
  /** Whether there is a VEX prefix; {@link InstructionParser.rex} then has its bits R, X, B and W as REX has them. */
  vex = false;
  /** VEX.vvvv: the number of a register; 0 if there is none. */
  vvvv = 0;
  /** VEX.L. */
  vectorLength = 0;
  /** Whether VEX.vvvv is not 1111b. */
  #givesVvvv = false;
  #vexPrefix = Selector.None;
  /** −1 if there is none. */
  modRm = -1;
  /** Offset of the byte after ModRM, or after the opcode. */
  at = 0;
  /** The encoding; undefined if no row has it. */
  found: Candidate | undefined;
  /** Whether the instruction has not ended after {@link LONGEST} bytes: #GP, not #UD (SDM vol. 3, 6.15). */
  isTooLong = false;
  #bytes: DataView = new DataView(new ArrayBuffer(0));

  constructor(
    private readonly table: OpcodeTable,
    private readonly mode: DecoderMode,
  ) {}

  /**
   * Parses the instruction at byte `start`; nothing is read from `end` on.
   *
   * @returns its length, or {@link INCOMPLETE}. An instruction without an encoding ends after its opcode or ModRM, one
   *   that is too long after {@link LONGEST} bytes.
   */
  parse(bytes: DataView, start: number, end: number): number {
    this.#bytes = bytes;
    const limit = Math.min(end, start + LONGEST);
    this.found = undefined;
    this.isTooLong = false;
    let at = this.#prefixes(start, limit);
    if (at >= limit) return this.#cut(limit - start);
    at = this.#opcode(at, limit);
    if (at > limit) return this.#cut(limit - start);
    this.modRm = -1;
    if (this.table.hasModRm(this.map, this.opcode)) {
      if (at >= limit) return this.#cut(limit - start);
      this.modRm = bytes.getUint8(at++);
    }
    this.at = at;
    const found = this.table.find(this, this.#selector());
    if (!found) return at - start;
    if (this.isInMemory(found) && this.#needsSib() && at >= limit) return this.#cut(limit - start);
    const length = at - start + this.#displacementBytes(found) + this.numberBytes(found);
    if (start + length > limit) return this.#cut(limit - start);
    this.found = found;
    return length;
  }

  /** The result for an instruction that has not ended after some bytes. */
  #cut(bytes: number): number {
    this.isTooLong = bytes === LONGEST;
    return this.isTooLong ? LONGEST : INCOMPLETE;
  }

  /** Whether ModRM names an operand in memory. */
  isInMemory({ encoding }: Candidate): boolean {
    return encoding.hasModRm && !encoding.ignoresMod && encoding.modRm < 0 && this.modRm < 0xc0;
  }

  /**
   * Whether an instruction that was parsed exists: LOCK is allowed with some destinations in memory only (SDM vol. 2,
   * LOCK), VEX.vvvv is 1111b if it names no register, and not all numbers are those of registers.
   */
  isAllowed(candidate: Candidate): boolean {
    const { lockable, operands } = candidate.encoding;
    if (this.lock && !(lockable && this.isInMemory(candidate))) return false;
    if (this.#givesVvvv && !candidate.hasVvvv) return false;
    if (candidate.hasVectorIndex && !this.#hasDistinctVectors()) return false;
    if (!candidate.hasFewRegisters) return true;
    return operands.every(({ place, registers }, i) => place !== 'reg' || this.#exists(registers, i === 0));
  }

  /**
   * Whether there is a SIB byte, whose index names a vector, and destination, index and mask are different registers (SDM vol. 2,
   * VGATHERDPS).
   */
  #hasDistinctVectors(): boolean {
    if (!this.#needsSib()) return false;
    const target = ((this.modRm >> 3) & 7) | ((this.rex & 4) << 1);
    const index = this.vectorIndex;
    return target !== index && target !== this.vvvv && index !== this.vvvv;
  }

  /** Whether ModRM.reg is the number of a register; CS is no destination. */
  #exists(registers: OperandClass, isDestination: boolean): boolean {
    const low = (this.modRm >> 3) & 7;
    if (registers === 'segment') return low < SEGMENT_REGISTERS && !(isDestination && low === CS);
    const number = low | ((this.rex & 4) << 1);
    if (registers === 'control') return CONTROL_REGISTERS.has(number);
    return registers !== 'debug' || number < DEBUG_REGISTERS;
  }

  /** Number of the vector register that is the index of an address with a SIB byte (SDM vol. 2, 2.3.12). */
  get vectorIndex(): number {
    return ((this.#bytes.getUint8(this.at) >> 3) & 7) | ((this.rex & 2) << 2);
  }

  /** REX.W. */
  get isWide(): boolean {
    return (this.rex & 8) !== 0;
  }

  /** log2 of the operand size in bytes, 1 to 3. */
  operandSize({ encoding }: Candidate): number {
    return operandSizeOf(encoding, this.mode, this.operandPrefix, this.isWide);
  }

  /** log2 of the address size in bytes, 1 to 3. */
  get addressSize(): number {
    const { bits } = this.mode;
    if (bits === 64) return this.addressPrefix ? 2 : 3;
    return this.addressPrefix === (bits === 32) ? 1 : 2;
  }

  /** Bytes of an immediate, of a relative target, of an offset or of a far pointer. */
  immediateSize({ place, type }: OperandCode, candidate: Candidate): number {
    if (place === 'offset') return 1 << this.addressSize;
    // The selector follows the offset.
    if (place === 'pointer') return (1 << this.operandSize(candidate)) + 2;
    if (place === 'is4') return 1;
    if (place !== 'immediate' && place !== 'relative') return 0;
    if (type === 'b') return 1;
    if (type === 'w') return 2;
    const size = 1 << this.operandSize(candidate);
    return type === 'z' ? Math.min(4, size) : size;
  }

  /** Bytes of all of them. */
  numberBytes(candidate: Candidate): number {
    const at = numberBytesAt(this.operandSize(candidate), this.addressSize);
    const known = candidate.numberBytes[at] as number;
    if (known >= 0) return known;
    let bytes = 0;
    for (const operand of candidate.encoding.operands) bytes += this.immediateSize(operand, candidate);
    return (candidate.numberBytes[at] = bytes);
  }

  #prefixes(start: number, limit: number): number {
    const long = this.mode.bits === 64;
    this.rex = 0;
    this.operandPrefix = this.addressPrefix = this.lock = false;
    this.repeat = 0;
    this.segment = -1;
    let at = start;
    for (; at < limit; at++) {
      const byte = this.#bytes.getUint8(at);
      if (long && (byte & 0xf0) === 0x40) {
        this.rex = byte;
        continue;
      }
      if (!this.#prefix(byte, long)) break;
      // REX counts only directly before the opcode.
      this.rex = 0;
    }
    return at;
  }

  #prefix(byte: number, long: boolean): boolean {
    switch (byte) {
      case 0x66:
        this.operandPrefix = true;
        return true;
      case 0x67:
        this.addressPrefix = true;
        return true;
      case 0xf0:
        this.lock = true;
        return true;
      case 0xf2:
      case 0xf3:
        this.repeat = byte;
        return true;
      default: {
        const segment = SEGMENT_PREFIXES[byte] as number;
        if (segment < 0) return false;
        // In 64-bit mode, those of ES, CS, SS and DS are ignored (SDM vol. 1, 3.3.7.1).
        if (!long || segment >= 4) this.segment = segment;
        return true;
      }
    }
  }

  /** Reads the opcode; returns the offset after it, more than `limit` if it is incomplete. */
  #opcode(start: number, limit: number): number {
    let at = start;
    this.map = 0;
    this.vex = false;
    this.vvvv = this.vectorLength = 0;
    this.#givesVvvv = false;
    this.opcode = this.#bytes.getUint8(at++);
    if (this.opcode === VEX3 || this.opcode === VEX2) {
      if (at >= limit) return limit + 1;
      // Outside of 64-bit mode, LES and LDS have the same opcodes, and their operand is in memory.
      if (this.mode.bits === 64 || this.#bytes.getUint8(at) >= 0xc0) return this.#vex(at, limit);
    }
    if (this.opcode !== 0x0f) return at;
    if (at >= limit) return limit + 1;
    this.map = 1;
    this.opcode = this.#bytes.getUint8(at++);
    if (this.opcode !== 0x38 && this.opcode !== 0x3a) return at;
    if (at >= limit) return limit + 1;
    this.map = this.opcode === 0x38 ? 2 : 3;
    this.opcode = this.#bytes.getUint8(at++);
    return at;
  }

  /** Reads the rest of a VEX prefix and the opcode (SDM vol. 2, 2.3.5). */
  #vex(start: number, limit: number): number {
    const short = this.opcode === VEX2;
    const opcodeAt = start + (short ? 1 : 2);
    if (opcodeAt >= limit) return limit + 1;
    const first = this.#bytes.getUint8(start);
    const last = this.#bytes.getUint8(opcodeAt - 1);
    const long = this.mode.bits === 64;
    const extensions = (~first >> 5) & (short ? 4 : 7);
    const map = short ? 1 : first & 0x1f;
    const other = this.rex !== 0 || this.operandPrefix || this.lock || this.repeat !== 0;
    this.vex = true;
    this.rex = (long ? extensions : 0) | (short ? 0 : (last >> 4) & 8);
    this.vvvv = (~last >> 3) & (long ? 15 : 7);
    // Its highest bit names no register outside of 64-bit mode, but must be 1 like the others.
    this.#givesVvvv = (~last & 0x78) !== 0;
    this.vectorLength = (last >> 2) & 1;
    this.#vexPrefix = last & 3;
    this.map = other || map === 0 || map > LAST_MAP ? NO_MAP : vexMap(map);
    this.opcode = this.#bytes.getUint8(opcodeAt);
    return opcodeAt + 1;
  }

  #selector(): Selector {
    if (this.vex) return this.#vexPrefix;
    if (this.repeat === 0xf3) return Selector.Rep;
    if (this.repeat === 0xf2) return Selector.Repne;
    return this.operandPrefix ? Selector.OperandSize : Selector.None;
  }

  #needsSib(): boolean {
    return this.addressSize > 1 && (this.modRm & 7) === 4;
  }

  /** Bytes of SIB and displacement (SDM vol. 2, tables 2-1 and 2-2). */
  #displacementBytes({ encoding }: Candidate): number {
    const { modRm } = this;
    if (!encoding.hasModRm || encoding.ignoresMod || modRm >= 0xc0) return 0;
    const mod = modRm >> 6;
    const rm = modRm & 7;
    if (this.addressSize === 1) return mod === 1 ? 1 : mod === 2 || rm === 6 ? 2 : 0;
    const sib = rm === 4 ? 1 : 0;
    if (mod === 1) return sib + 1;
    if (mod === 2) return sib + 4;
    const base = sib ? this.#bytes.getUint8(this.at) & 7 : rm;
    return sib + (base === 5 ? 4 : 0);
  }
}
