import { branchRows } from './branches.js';
import { cryptoRows } from './crypto.js';
import { dataProcessingImmediateRows } from './data-processing-immediate.js';
import { dataProcessingRegisterRows } from './data-processing-register.js';
import { exclusiveAndAtomicRows } from './exclusives-atomics.js';
import { fpScalarArithmeticRows } from './fp-scalar-arithmetic.js';
import { fpScalarCompareRows } from './fp-scalar-compare.js';
import { fpScalarConvertRows } from './fp-scalar-convert.js';
import { fpVectorConvertRows } from './fp-vector-convert.js';
import { fpVectorElementRows } from './fp-vector-element.js';
import { fpVectorMiscRows } from './fp-vector-misc.js';
import { fpVectorThreeSameRows } from './fp-vector-three-same.js';
import { loadStoreRows } from './loads-stores.js';
import { simdIndexedRows } from './simd-indexed.js';
import { simdLoadStorePairRows } from './simd-load-store-pair.js';
import { simdStructureRows } from './simd-load-store-structures.js';
import { simdLoadStoreRows } from './simd-load-store.js';
import { simdMiscRows } from './simd-misc.js';
import { simdMoveRows } from './simd-move.js';
import { simdPermuteRows } from './simd-permute.js';
import { simdShiftRows } from './simd-shift-immediate.js';
import { simdThreeDifferentRows } from './simd-three-different.js';
import { simdThreeSameRows } from './simd-three-same.js';
import { systemRows } from './system.js';
import type { A64Row } from './row.js';

const TABLES = {
  branches: branchRows,
  crypto: cryptoRows,
  'data-processing-immediate': dataProcessingImmediateRows,
  'data-processing-register': dataProcessingRegisterRows,
  'exclusives-atomics': exclusiveAndAtomicRows,
  'fp-scalar-arithmetic': fpScalarArithmeticRows,
  'fp-scalar-compare': fpScalarCompareRows,
  'fp-scalar-convert': fpScalarConvertRows,
  'fp-vector-convert': fpVectorConvertRows,
  'fp-vector-element': fpVectorElementRows,
  'fp-vector-misc': fpVectorMiscRows,
  'fp-vector-three-same': fpVectorThreeSameRows,
  'loads-stores': loadStoreRows,
  'simd-indexed': simdIndexedRows,
  'simd-load-store-pair': simdLoadStorePairRows,
  'simd-load-store-structures': simdStructureRows,
  'simd-load-store': simdLoadStoreRows,
  'simd-misc': simdMiscRows,
  'simd-move': simdMoveRows,
  'simd-permute': simdPermuteRows,
  'simd-shift-immediate': simdShiftRows,
  'simd-three-different': simdThreeDifferentRows,
  'simd-three-same': simdThreeSameRows,
  system: systemRows,
} as const satisfies Readonly<Record<string, readonly A64Row[]>>;

/**
 * Names of the instruction tables.
 *
 * @experimental
 */
export type A64TableName = keyof typeof TABLES;

/**
 * The instruction tables by name.
 *
 * @experimental
 */
export const a64Tables: Readonly<Record<A64TableName, readonly A64Row[]>> = TABLES;

/**
 * Every instruction of A64 that is implemented.
 *
 * @experimental
 */
export const a64Rows: readonly A64Row[] = Object.values(a64Tables).flat();
