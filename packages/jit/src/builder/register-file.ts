import { Ty } from '../wasm/code-buffer.js';

/**
 * A set of registers of one kind and where they live in the state.
 *
 * @experimental
 */
export interface RegisterFile {
  readonly name: string;
  /** Width of each register. */
  readonly bits: RegisterBits;
  /** Whether every register is read and written at the same offset: then both roles share a field of a record. */
  readonly inPlace?: boolean;
  /** State offset of register `n` as a source. */
  readOffset(n: number): number;
  /** State offset of register `n` as a destination. */
  writeOffset(n: number): number;
}

/**
 * Widths that a register file may have. A register is always written whole.
 *
 * @experimental
 */
export type RegisterBits = 32 | 64 | 128;

/** Type of the value of a whole register. @internal */
export function registerType({ bits }: RegisterFile): Ty {
  return bits === 128 ? Ty.v128 : bits === 64 ? Ty.i64 : Ty.i32;
}
