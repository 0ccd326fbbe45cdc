import { Ty } from '../wasm/code-buffer.js';

/**
 * A set of registers of one kind and their offsets in the state.
 *
 * @experimental
 */
export interface RegisterFile {
  /** Name for errors. */
  readonly name: string;
  /** Width of each register. */
  readonly bits: RegisterBits;
  /** Whether every register has the same offset for reads and writes: both roles then share a field of a record. */
  readonly inPlace?: boolean;
  /**
   * State offset that records of one-byte fields count from: a record then holds `readOffset(n) - fieldBase`, 0 to 255, in a
   * byte. Only for files that are `inPlace`. Absent: two bytes with the state offset itself.
   */
  readonly fieldBase?: number;
  /**
   * File with one-byte fields whose registers have the same numbers and the same distances from its `fieldBase` as
   * those of this file: both share a field of a record.
   */
  readonly fieldOf?: RegisterFile;
  /** State offset of register `n` as a source. */
  readOffset(n: number): number;
  /** State offset of register `n` as a destination. */
  writeOffset(n: number): number;
}

/**
 * Possible widths of a register file. A register is always written as a whole. Registers of 8 and 16 bits are parts of
 * the aligned 64 bits of the state that contain them; their values are i32, zero-extended when read.
 *
 * @experimental
 */
export type RegisterBits = 8 | 16 | 32 | 64 | 128;

/** Type of the value of a whole register. @internal */
export function registerType({ bits }: RegisterFile): Ty {
  return bits === 128 ? Ty.v128 : bits === 64 ? Ty.i64 : Ty.i32;
}

/** Whether registers of a file are parts of others. @internal */
export function isPart({ bits }: RegisterFile): boolean {
  return bits < 32;
}
