import type { OperandCode } from '@qvm/isa-x86_64';
import type { CodeBits } from '../disassemble.js';
import type { Candidate } from './candidates.js';
import type { MemoryValue } from './value.js';

/** An instruction while its operands are matched. */
export interface Draft {
  readonly candidate: Candidate;
  readonly bits: CodeBits;
  reg: number;
  rm: number;
  opcodeRegister: number;
  /** Register of VEX.vvvv. */
  vvvv: number;
  /** Register in the last byte. */
  is4: number;
  memory: MemoryValue | undefined;
  /** Name of the size of the operand in memory. */
  memorySize: string;
  /** Segment register of a prefix, −1 without one. */
  segment: number;
  /** Address size that an operand without ModRM asks for. */
  implicitAddress: number | undefined;
  /** By number of the operand. */
  readonly immediates: bigint[];
  /** The target of a jump. */
  target: { readonly index: number; readonly address: bigint } | undefined;
  needsRex: boolean;
  forbidsRex: boolean;
}

/** A draft without operands. */
export const newDraft = (candidate: Candidate, bits: CodeBits): Draft => ({
  candidate,
  bits,
  reg: candidate.reg,
  rm: 0,
  opcodeRegister: 0,
  vvvv: 0,
  is4: 0,
  memory: undefined,
  memorySize: '',
  segment: -1,
  implicitAddress: undefined,
  immediates: [],
  target: undefined,
  needsRex: false,
  forbidsRex: false,
});

/** Bytes of an immediate or of the distance of a jump. */
export function bytesOfImmediate({ type, place }: OperandCode, operandSize: number): number {
  if (type === 'b') return 1;
  if (type === 'w') return 2;
  const size = 1 << operandSize;
  if (place === 'pointer') return size + 2;
  return type === 'z' ? Math.min(4, size) : size;
}
