import { Random } from './random.js';

/**
 * Number of words in the recording that are uniform over the encoding space; the others are near words of the tables.
 */
export const UNIFORM_WORDS = 120_000;
const UNIFORM_SEED = 0x0a64;

/** Uniform words, the same in every run. */
export function uniformWords(): Uint32Array {
  const random = new Random(UNIFORM_SEED);
  return Uint32Array.from({ length: UNIFORM_WORDS }, () => random.u32());
}

/** Instruction words and whether a disassembler decodes each. */
export interface Allocation {
  readonly words: Uint32Array;
  readonly decodes: (index: number) => boolean;
}

/**
 * Encodes a recording: the near words in ascending order as differences, then one bit for each word, the uniform ones
 * first.
 */
export function encodeAllocation(near: Uint32Array, decodes: readonly boolean[]): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(decodes.length / 8));
  decodes.forEach((bit, i) => {
    if (bit) bitmap[i >> 3] = (bitmap[i >> 3] as number) | (1 << (i & 7));
  });
  const differences = new Uint32Array(near.length + 1);
  differences[0] = near.length;
  near.forEach((word, i) => (differences[i + 1] = word - (i === 0 ? 0 : (near[i - 1] as number))));
  const out = new Uint8Array(differences.byteLength + bitmap.length);
  const view = new DataView(out.buffer);
  differences.forEach((value, i) => view.setUint32(i * 4, value, true));
  out.set(bitmap, differences.byteLength);
  return out;
}

/** Decodes the output of {@link encodeAllocation}. */
export function decodeAllocation(bytes: Uint8Array): Allocation {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  const words = new Uint32Array(UNIFORM_WORDS + count);
  words.set(uniformWords());
  let word = 0;
  for (let i = 0; i < count; i++) words[UNIFORM_WORDS + i] = word += view.getUint32(4 + i * 4, true);
  const bitmap = bytes.subarray(4 + count * 4);
  return { words, decodes: (i) => (((bitmap[i >> 3] as number) >> (i & 7)) & 1) === 1 };
}
