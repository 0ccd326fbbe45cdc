import type { Reg, V } from '@qvm/jit';

/** Properties of an instruction for its semantic function, besides the operands. @experimental */
export interface InstructionInfo {
  /** log2 of the operand size in bytes. */
  readonly size: number;
  /** The condition of `+cc`; 0 otherwise. */
  readonly cc: number;
  /** REP prefix of string instructions: 0 none, 1 REPE or REP, 2 REPNE. */
  readonly rep: number;
  /** Address size of string instructions: log2 of the bytes. */
  readonly addressSize: number;
  /** Segment of string instructions. */
  readonly segment: Reg;
  /** Whether it may have a base and limits: see `MemoryOperand.segmented`. */
  readonly segmented: boolean;
  /** Distance of a jump, for `Builder.jump`. */
  readonly target: V;
  /** Distance of a jump from the next instruction. */
  readonly immediate: V;
  /** The operands as `SystemInfo`, without the operation. */
  readonly systemInfo: V;
  /** All 64 bits of an immediate. */
  readonly wide: V;
  /** See `Form.vex`. */
  readonly vex: boolean;
  /** Opcode of an x87 instruction as the unit keeps it: bits 2–0 of the first byte, then ModRM (SDM vol. 1, 8.1.9). */
  readonly x87Opcode: V;
}
