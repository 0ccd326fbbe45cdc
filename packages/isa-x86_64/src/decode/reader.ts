import type { Encoding } from '../describe/encoding.js';
import type { X86Row } from '../describe/row.js';
import { addressParts } from './address.js';
import type { Address } from './address.js';
import type { DecoderMode } from './mode.js';
import { OpcodeTable } from './opcode-table.js';
import type { Candidate } from './opcode-table.js';
import { INCOMPLETE, InstructionParser } from './parser.js';

/**
 * An instruction, taken apart: what its text and its bytes consist of.
 *
 * @experimental
 */
export interface InstructionParts {
  /** The operation. */
  readonly row: X86Row;
  /** The encoding of it. */
  readonly encoding: Encoding;
  /** In bytes. */
  readonly length: number;
  /** The last byte of the opcode. */
  readonly opcode: number;
  /** −1 if there is none. */
  readonly modRm: number;
  /** 0 if there is none. */
  readonly rex: number;
  /** Number of the register in VEX.vvvv; 0 if there is none. */
  readonly vvvv: number;
  /** The last byte of the instruction, which may name a register in its upper half. */
  readonly lastByte: number;
  /** VEX.L; 0 if there is none. */
  readonly vectorLength: number;
  /** log2 of the operand size in bytes, 1–3. */
  readonly operandSize: number;
  /** log2 of the address size in bytes, 1–3. */
  readonly addressSize: number;
  /** Whether there is a prefix 66. */
  readonly operandPrefix: boolean;
  /** Whether there is a LOCK prefix. */
  readonly lock: boolean;
  /** F2 or F3; 0 if there is neither. */
  readonly repeat: number;
  /** Number of the segment register of a prefix, −1 if there is none. */
  readonly segment: number;
  /** The operand in memory that ModRM names; its displacement counts from the next instruction if it is relative. */
  readonly address: Address | undefined;
  /** The index register if that is a vector. */
  readonly vectorIndex: number | undefined;
  /** For each operand: the immediate, offset or distance of a jump that it has, sign-extended. */
  readonly immediates: readonly (bigint | undefined)[];
}

/**
 * Takes single instructions of a mode apart, for texts: execution uses the decoder.
 *
 * @experimental
 */
export class InstructionReader {
  readonly #parser: InstructionParser;

  /** @throws Error when two encodings of the rows clash. */
  constructor(
    rows: readonly X86Row[],
    private readonly mode: DecoderMode,
  ) {
    this.#parser = new InstructionParser(new OpcodeTable(rows, mode), mode);
  }

  /** The instruction at the beginning of some bytes; undefined if it is not there in full or does not exist. */
  read(bytes: Uint8Array): InstructionParts | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const parser = this.#parser;
    const length = parser.parse(view, 0, bytes.length);
    const { found } = parser;
    if (length === INCOMPLETE || !found || !parser.isAllowed(found)) return undefined;
    const { rex, opcode, modRm, vvvv, vectorLength, addressSize, operandPrefix, lock, repeat, segment } = parser;
    return {
      ...{ row: found.row, encoding: found.encoding },
      ...{ length, opcode, modRm, rex, vvvv, vectorLength, addressSize, operandPrefix, lock, repeat, segment },
      lastByte: view.getUint8(length - 1),
      operandSize: parser.operandSize(found),
      vectorIndex: found.hasVectorIndex ? parser.vectorIndex : undefined,
      address: parser.isInMemory(found) ? addressParts(view, parser, this.mode, found.hasVectorIndex) : undefined,
      immediates: immediatesOf(view, parser, found, length),
    };
  }
}

function immediatesOf(
  view: DataView,
  parser: InstructionParser,
  candidate: Candidate,
  length: number,
): (bigint | undefined)[] {
  const { operands } = candidate.encoding;
  const sizes = operands.map((operand) => parser.immediateSize(operand, candidate));
  let at = length - sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => {
    if (size === 0) return undefined;
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(at + i));
    at += size;
    return BigInt.asIntN(8 * size, value);
  });
}
