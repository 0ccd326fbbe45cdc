import { VECTOR, sizeOf } from '@qvm/isa-x86_64';
import type { InstructionParts, OperandCode } from '@qvm/isa-x86_64';
import { SIZE_NAMES } from '../syntax/memory-text.js';
import { immediateBits, operandBytes } from '../syntax/operand.js';
import type { OperandSyntax } from '../syntax/operand.js';
import type { Candidate } from './candidates.js';
import type { Draft } from './draft.js';
import { bytesOfImmediate } from './draft.js';
import type { MemoryValue, Value } from './value.js';

const [RBX, RSP, RBP, RSI, RDI] = [3, 4, 5, 6, 7];
const [ES, SS, DS] = [0, 2, 3];

/** Enters an operand that was written into a draft; false if the syntax does not take it. */
export function accepts(syntax: OperandSyntax, value: Value, draft: Draft): boolean {
  const { from } = syntax;
  return typeof from === 'string'
    ? acceptsImplicit(from, value, draft)
    : acceptsCode(syntax, from.code, from.index, value, draft);
}

function acceptsCode(syntax: OperandSyntax, code: OperandCode, index: number, value: Value, draft: Draft): boolean {
  switch (code.place) {
    case 'rm':
      return value.kind === 'memory' ? takeMemory(syntax, code, value, draft) : takeRegister(code, value, draft, 'rm');
    case 'memory':
      return value.kind === 'memory' && takeMemory(syntax, code, value, draft);
    case 'rm-register':
      return takeRegister(code, value, draft, 'rm');
    case 'reg':
      return takeRegister(code, value, draft, 'reg');
    case 'opcode':
      return takeRegister(code, value, draft, 'opcodeRegister');
    case 'vvvv':
      return takeRegister(code, value, draft, 'vvvv');
    case 'is4':
      return takeRegister(code, value, draft, 'is4');
    case 'immediate':
      return value.kind === 'immediate' && takeImmediate(code, index, value.value, draft);
    case 'relative':
      if (value.kind !== 'immediate') return false;
      draft.target = { index, address: value.value };
      return true;
    case 'offset':
      return value.kind === 'memory' && takeOffset(code, index, value, draft);
    case 'pointer':
      return value.kind === 'far' && takePointer(index, value, draft);
    case 'fixed':
      if (code.registers === 'none') return value.kind === 'immediate' && value.value === BigInt(code.fixed);
      return (
        value.kind === 'register' &&
        isRegister(code, value, draft) &&
        value.register.number === code.fixed &&
        value.register.rex === undefined
      );
    case 'size':
      return false;
  }
}

/** Whether a register has the kind and size of a code. */
function isRegister(code: OperandCode, value: Value, { candidate, bits }: Draft): boolean {
  if (value.kind !== 'register') return false;
  const { registers, size } = value.register;
  if (code.registers === 'mmx' && candidate.syntax.isX87) return registers === 'x87';
  if (registers !== code.registers) return false;
  if (registers === 'xmm') return size === vectorSize(code.type, candidate);
  return registers !== 'general' || size === Math.min(sizeOf(code.type, candidate.operandSize), bits === 64 ? 3 : 2);
}

/** log2 of the bytes of the vector register that holds an operand. */
const vectorSize = (type: string, candidate: Candidate): number => Math.max(VECTOR, operandBytes(type, candidate));

function takeRegister(
  code: OperandCode,
  value: Value,
  draft: Draft,
  field: 'reg' | 'rm' | 'opcodeRegister' | 'vvvv' | 'is4',
): boolean {
  if (value.kind !== 'register' || !isRegister(code, value, draft)) return false;
  const { number, rex } = value.register;
  if (number >= 8 && draft.bits !== 64 && code.registers !== 'control') return false;
  draft[field] = number;
  if (rex === 'needed') draft.needsRex = true;
  if (rex === 'forbidden') draft.forbidsRex = true;
  return true;
}

/** The parts of an instruction that sizes of operands depend on. */
const sizeParts = ({ operandSize, vectorLength, operandPrefix, opcode, reg }: Candidate): InstructionParts =>
  ({ operandSize, vectorLength, operandPrefix, opcode, modRm: reg << 3 }) as InstructionParts;

/** Name of the size of an operand in memory; `''` if none is written. */
function memorySize({ memory }: OperandSyntax, code: OperandCode, candidate: Candidate): string {
  const given = typeof memory === 'function' ? memory(sizeParts(candidate)) : memory;
  const name = given ?? (code.type === '' ? '' : (SIZE_NAMES[operandBytes(code.type, candidate)] as string));
  return name === 'XMMWORD' ? 'OWORD' : name;
}

function takeMemory(syntax: OperandSyntax, code: OperandCode, value: MemoryValue, draft: Draft): boolean {
  const size = memorySize(syntax, code, draft.candidate);
  if (value.size !== '' && size !== '' && value.size !== size) return false;
  const vectorIndex = value.index?.registers === 'xmm' ? value.index.size : undefined;
  const wanted = code.vectorIndex === undefined ? undefined : vectorSize(code.vectorIndex, draft.candidate);
  return vectorIndex === wanted && enterMemory(value, size, draft);
}

function enterMemory(value: MemoryValue, size: string, draft: Draft): boolean {
  draft.memory = value;
  draft.memorySize = size;
  // The stack's segment is that of addresses from RSP and RBP.
  const usual = value.base?.number === RSP || value.base?.number === RBP ? SS : DS;
  draft.segment = value.segment === usual ? -1 : value.segment;
  return true;
}

function takeImmediate(code: OperandCode, index: number, value: bigint, draft: Draft): boolean {
  const shown = immediateBits(code, draft.candidate);
  const bytes = bytesOfImmediate(code, draft.candidate.operandSize);
  if (value >= 1n << BigInt(shown) || value < -(1n << BigInt(shown - 1))) return false;
  const extended = BigInt.asUintN(shown, BigInt.asIntN(8 * bytes, value));
  if (extended !== BigInt.asUintN(shown, value)) return false;
  draft.immediates[index] = value;
  return true;
}

function takeOffset(code: OperandCode, index: number, value: MemoryValue, draft: Draft): boolean {
  if (value.base || value.index) return false;
  const size = SIZE_NAMES[sizeOf(code.type, draft.candidate.operandSize)];
  if (value.size !== '' && value.size !== size) return false;
  draft.immediates[index] = value.displacement;
  draft.memorySize = size as string;
  draft.segment = value.segment === DS ? -1 : value.segment;
  return true;
}

function takePointer(index: number, { selector, offset }: Extract<Value, { kind: 'far' }>, draft: Draft): boolean {
  const bits = BigInt(8 << draft.candidate.operandSize);
  if (offset < 0n || offset >= 1n << bits || selector < 0n || selector > 0xffffn) return false;
  draft.immediates[index] = (selector << bits) | offset;
  return true;
}

/** Operands that are not encoded. */
function acceptsImplicit(name: string, value: Value, draft: Draft): boolean {
  const size = elementSize(draft.candidate);
  const port = Math.min(2, size);
  const named = (registers: string, number: number, bytes = -1): boolean =>
    value.kind === 'register' &&
    value.register.registers === registers &&
    value.register.number === number &&
    (bytes < 0 || value.register.size === bytes);
  switch (name) {
    case 'source':
      return takeElement(value, RSI, size, draft, true);
    case 'target':
      return takeElement(value, RDI, size, draft, false);
    case 'port source':
      return takeElement(value, RSI, port, draft, true);
    case 'port target':
      return takeElement(value, RDI, port, draft, false);
    case 'table':
      return takeElement(value, RBX, 0, draft, true);
    case 'accumulator':
      return named('general', 0, size);
    case 'dx':
      return named('general', 2, 1);
    case 'ax':
      return named('general', 0, 1);
    case 'st':
      return named('x87', 0);
    case 'xmm0':
      return named('xmm', 0, VECTOR);
    case 'popped':
      return (
        value.kind === 'register' &&
        value.register.registers === 'segment' &&
        POP_OPCODES[value.register.number] === draft.candidate.opcode
      );
    case 'dword register':
      return takeRegister(GENERAL_32, value, draft, 'reg');
    case 'wide register':
      return takeRegister(GENERAL_WIDE, value, draft, 'reg');
    case 'selector':
      if (value.kind === 'memory')
        return (value.size === '' || value.size === 'WORD') && enterMemory(value, 'WORD', draft);
      return takeRegister(isSized(draft.candidate) ? GENERAL_V : selectorOf(value), value, draft, 'rm');
    default:
      throw new Error(`no operand ${name}`);
  }
}

/** Opcodes of POP by segment register. */
const POP_OPCODES = [0x07, -1, 0x17, 0x1f, 0xa1, 0xa9];
const general = (type: string): OperandCode => ({ text: type, place: 'rm', registers: 'general', type, fixed: 0 });
const [GENERAL_32, GENERAL_WIDE, GENERAL_V] = [general('d'), general('y'), general('v')];

const isSized = ({ encoding }: Candidate): boolean => encoding.operands.some(({ type }) => type === 'v');
/** A selector may be in a register of any size; its upper part is not used. */
const selectorOf = (value: Value): OperandCode =>
  general(['w', 'w', 'd', 'q'][value.kind === 'register' ? value.register.size : 1] ?? 'w');

const elementSize = ({ encoding, operandSize }: Candidate): number =>
  sizeOf(encoding.operands[0]?.type ?? 'b', operandSize);

/** An element of a string, at an index register whose size is that of addresses. */
function takeElement(value: Value, register: number, size: number, draft: Draft, overridable: boolean): boolean {
  if (value.kind !== 'memory' || value.index || value.displacement !== 0n) return false;
  const { base, segment } = value;
  if (base?.registers !== 'general' || base.number !== register) return false;
  if (value.size !== '' && value.size !== SIZE_NAMES[size]) return false;
  if (!overridable && segment !== ES && segment !== -1) return false;
  if (overridable && segment >= 0 && segment !== DS) draft.segment = segment;
  if (draft.implicitAddress !== undefined && draft.implicitAddress !== base.size) return false;
  draft.implicitAddress = base.size;
  draft.memorySize = SIZE_NAMES[size] as string;
  return true;
}
