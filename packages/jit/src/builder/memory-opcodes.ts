import { Op } from '../wasm/opcodes.js';

/** Stores by size in bytes: of an i32, of an i64. @internal */
export const STORE: Readonly<Record<number, readonly [number, number]>> = {
  1: [Op.i32_store8, Op.i64_store8],
  2: [Op.i32_store16, Op.i64_store16],
  4: [Op.i32_store, Op.i64_store32],
  8: [0, Op.i64_store],
};
/** Zero-extending loads by size in bytes: to i32, to i64. @internal */
export const LOAD_UNSIGNED: Readonly<Record<number, readonly [number, number]>> = {
  1: [Op.i32_load8_u, Op.i64_load8_u],
  2: [Op.i32_load16_u, Op.i64_load16_u],
  4: [Op.i32_load, Op.i64_load32_u],
  8: [0, Op.i64_load],
};
/** Sign-extending loads by size in bytes: to i32, to i64. @internal */
export const LOAD_SIGNED: Readonly<Record<number, readonly [number, number]>> = {
  1: [Op.i32_load8_s, Op.i64_load8_s],
  2: [Op.i32_load16_s, Op.i64_load16_s],
  4: [Op.i32_load, Op.i64_load32_s],
  8: [0, Op.i64_load],
};
/** Read-modify-write atomics: opcodes for 1, 2, 4, 8 bytes on i64, except 4 bytes on i32 (Threads proposal). @internal */
export const ATOMIC_RMW = {
  add: { 1: 0xfe22, 2: 0xfe23, 4: 0xfe24, 8: 0xfe1f },
  and: { 1: 0xfe30, 2: 0xfe31, 4: 0xfe32, 8: 0xfe2d },
  or: { 1: 0xfe37, 2: 0xfe38, 4: 0xfe39, 8: 0xfe34 },
  xor: { 1: 0xfe3e, 2: 0xfe3f, 4: 0xfe40, 8: 0xfe3b },
  xchg: { 1: 0xfe45, 2: 0xfe46, 4: 0xfe47, 8: 0xfe42 },
  cmpxchg: { 1: 0xfe4c, 2: 0xfe4d, 4: 0xfe4e, 8: 0xfe49 },
} as const;

/**
 * Atomic read-modify-write operations; they return the old value.
 *
 * @experimental
 */
export type AtomicOp = Exclude<keyof typeof ATOMIC_RMW, 'cmpxchg'>;

/** Natural alignment exponent of an atomic read-modify-write opcode. @internal */
export function atomicAlignment(op: number): number {
  for (const widths of Object.values(ATOMIC_RMW)) {
    for (const [bytes, opcode] of Object.entries(widths)) if (opcode === op) return Math.log2(Number(bytes));
  }
  throw new Error('not an atomic operation');
}
