import { VECTOR, sizeOf } from '@qvm/isa-x86_64';
import type { InstructionParts, OperandCode } from '@qvm/isa-x86_64';
import { SEGMENTS, generalName } from '../registers.js';
import { SIZE_NAMES, absoluteText, hex, memoryText, stringText } from './memory-text.js';
import type { TextSite } from './text-site.js';

/** How an operand is written. */
export interface OperandText {
  readonly format: (parts: InstructionParts, site: TextSite) => string;
}

/** An operand of a syntax. */
export interface OperandSyntax extends OperandText {
  /** Its code in the encoding, and its number there; or its name among the {@link IMPLICIT} ones. */
  readonly from: { readonly code: OperandCode; readonly index: number } | string;
  /** See {@link OperandContext.memory}. */
  readonly memory: OperandContext['memory'];
}

/** Properties of a row that the texts of its operands depend on. */
export interface OperandContext {
  /** Number of the operand in the encoding. */
  readonly index: number;
  /** Name of the size of an operand in memory, if the code does not tell it; `''`: none is written. */
  readonly memory: string | ((parts: InstructionParts) => string | undefined) | undefined;
  /** Whether `Nq` names a register of x87, not of MMX. */
  readonly isX87: boolean;
}

/** One-byte opcodes whose immediate byte is sign-extended to the operand size. */
const SIGN_EXTENDED: ReadonlySet<number> = new Set([0x6a, 0x6b, 0x83]);

const regOf = ({ modRm, rex }: InstructionParts): number => ((modRm >> 3) & 7) | ((rex & 4) << 1);
const rmOf = ({ modRm, rex }: InstructionParts): number => (modRm & 7) | ((rex & 1) << 3);
const opcodeRegisterOf = ({ opcode, rex }: InstructionParts): number => (opcode & 7) | ((rex & 1) << 3);

/** log2 of the bytes of an operand. */
export const operandBytes = (
  type: string,
  { operandSize, vectorLength }: Pick<InstructionParts, 'operandSize' | 'vectorLength'>,
): number => sizeOf(type, operandSize, VECTOR + vectorLength);

/** A vector register of a type. */
const vectorName = (number: number, type: string, parts: InstructionParts): string =>
  `${operandBytes(type, parts) > VECTOR ? 'ymm' : 'xmm'}${number}`;

function registerText(
  code: OperandCode,
  number: number,
  parts: InstructionParts,
  { bits }: TextSite,
  isX87: boolean,
): string {
  const { operandSize, rex } = parts;
  switch (code.registers) {
    case 'general':
      // `q` is the size of the mode's registers.
      return generalName(number, Math.min(sizeOf(code.type, operandSize), bits === 64 ? 3 : 2), rex !== 0);
    case 'xmm':
      return vectorName(number, code.type, parts);
    case 'mmx':
      return isX87 ? `st(${number & 7})` : `mm${number & 7}`;
    case 'segment':
      return SEGMENTS[number & 7] ?? '?';
    case 'control':
      return `cr${number}`;
    case 'debug':
      return `dr${number}`;
    case 'none':
      throw new Error(`${code.text} is no register`);
  }
}

/** Bits that an immediate is written with, which may be more than it has. */
export function immediateBits(
  { type }: OperandCode,
  { operandSize, encoding, opcode }: Pick<InstructionParts, 'operandSize' | 'encoding' | 'opcode'>,
): number {
  const isExtended = type === 'z' || (type === 'b' && encoding.map === 0 && SIGN_EXTENDED.has(opcode));
  return 8 << (isExtended ? operandSize : sizeOf(type, operandSize));
}

/** The text of an operand by its code. */
export function operandText(code: OperandCode, { index, memory, isX87 }: OperandContext): OperandText {
  const inMemory = (parts: InstructionParts): string => {
    const size = typeof memory === 'function' ? memory(parts) : memory;
    return memoryText(
      parts,
      size ?? (code.type === '' ? '' : (SIZE_NAMES[operandBytes(code.type, parts)] as string)),
      parts.vectorIndex === undefined || code.vectorIndex === undefined
        ? undefined
        : vectorName(parts.vectorIndex, code.vectorIndex, parts),
    );
  };
  const immediate = (parts: InstructionParts): bigint => parts.immediates[index] as bigint;
  switch (code.place) {
    case 'rm':
      return {
        format: (parts, site) =>
          parts.address ? inMemory(parts) : registerText(code, rmOf(parts), parts, site, isX87),
      };
    case 'memory':
      return { format: inMemory };
    case 'rm-register':
      return { format: (parts, site) => registerText(code, rmOf(parts), parts, site, isX87) };
    case 'reg':
      return { format: (parts, site) => registerText(code, regOf(parts), parts, site, isX87) };
    case 'vvvv':
      return { format: (parts, site) => registerText(code, parts.vvvv, parts, site, isX87) };
    case 'is4':
      return {
        format: (parts, site) =>
          registerText(code, (parts.lastByte >> 4) & (site.bits === 64 ? 15 : 7), parts, site, isX87),
      };
    case 'opcode':
      return { format: (parts, site) => registerText(code, opcodeRegisterOf(parts), parts, site, isX87) };
    case 'immediate':
      return { format: (parts) => hex(immediate(parts), immediateBits(code, parts)) };
    case 'relative':
      return {
        format: (parts, { pc, bits }) =>
          hex(pc + BigInt(parts.length) + immediate(parts), bits === 64 ? bits : 8 << parts.operandSize),
      };
    case 'offset':
      return { format: (parts) => absoluteText(parts, immediate(parts)) };
    case 'pointer':
      return { format: (parts) => pointerText(immediate(parts), parts) };
    case 'fixed':
      return {
        format: (parts, site) =>
          code.registers === 'none' ? String(code.fixed) : registerText(code, code.fixed, parts, site, isX87),
      };
    case 'size':
      throw new Error('an operand size is not written');
  }
}

/** A far pointer: the selector is above the offset. */
function pointerText(value: bigint, { operandSize }: InstructionParts): string {
  const bits = 8 << operandSize;
  return `${hex(value >> BigInt(bits), 16)}:${hex(value, bits)}`;
}

const [RBX, RSI, RDI] = [3, 6, 7];

/** log2 of the bytes of a string instruction's elements. */
const elementSize = ({ encoding, operandSize }: InstructionParts): number =>
  sizeOf(encoding.operands[0]?.type ?? 'b', operandSize);

/** The same for instructions that access ports, which have no elements of 64 bits. */
const portSize = (parts: InstructionParts): number => Math.min(2, elementSize(parts));

/** Segment registers by the opcodes of POP. */
const POPPED: Readonly<Record<number, string>> = { 0x07: 'es', 0x17: 'ss', 0x1f: 'ds', 0xa1: 'fs', 0xa9: 'gs' };

/** Operands that no code of the encoding stands for, by name. */
export const IMPLICIT: Readonly<Record<string, OperandText>> = {
  source: { format: (parts) => stringText(parts, RSI, SIZE_NAMES[elementSize(parts)] as string, true) },
  target: { format: (parts) => stringText(parts, RDI, SIZE_NAMES[elementSize(parts)] as string, false) },
  'port source': { format: (parts) => stringText(parts, RSI, SIZE_NAMES[portSize(parts)] as string, true) },
  'port target': { format: (parts) => stringText(parts, RDI, SIZE_NAMES[portSize(parts)] as string, false) },
  popped: { format: ({ opcode }) => POPPED[opcode] ?? '?' },
  'dword register': { format: (parts) => generalName(regOf(parts), 2, true) },
  'wide register': { format: (parts) => generalName(regOf(parts), Math.max(2, parts.operandSize), true) },
  // A selector, in a register of the operand size.
  selector: {
    format: (parts) => (parts.address ? memoryText(parts, 'WORD') : generalName(rmOf(parts), parts.operandSize, true)),
  },
  table: { format: (parts) => stringText(parts, RBX, 'BYTE', true) },
  accumulator: { format: (parts) => generalName(0, elementSize(parts), true) },
  dx: { format: () => 'dx' },
  ax: { format: () => 'ax' },
  st: { format: () => 'st' },
  xmm0: { format: () => 'xmm0' },
};
