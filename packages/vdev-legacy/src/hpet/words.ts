import { requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';

const WORD = 0x1_0000_0000n;
const LARGEST_WORD = 0xffff_ffff;

/** The value with its low word, its high one, or both replaced. */
export function withWords(value: bigint, lo: number | undefined, hi: number | undefined): bigint {
  const low = lo === undefined ? value % WORD : BigInt(lo);
  return low + (hi === undefined ? value / WORD : BigInt(hi)) * WORD;
}

/** The low word of a 64-bit value, or its high one. */
export function wordOf(value: bigint, high: boolean): number {
  return Number(high ? value / WORD : value % WORD);
}

/** A 64-bit value as JSON: the low word, then the high one. */
export function saveWords(value: bigint): Json {
  return { lo: wordOf(value, false), hi: wordOf(value, true) };
}

/** @throws VdevStateError */
export function decodeWords(saved: Readonly<Record<'lo' | 'hi', unknown>>, what: string): bigint {
  const lo = requireUnsigned(saved.lo, LARGEST_WORD, `${what}.lo`);
  return withWords(0n, lo, requireUnsigned(saved.hi, LARGEST_WORD, `${what}.hi`));
}
