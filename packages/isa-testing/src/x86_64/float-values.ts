import type { Random } from '../random.js';

/** Bytes of an image of FXSAVE that a case has: control and status words, MXCSR, ST0–ST7 (SDM vol. 1, table 10-2). */
export const IMAGE_BYTES = 160;
const IMAGE_MXCSR = 24;
const IMAGE_REGISTERS = 32;

/** A floating-point format: exponent and fraction bits. */
interface Format {
  readonly exponent: number;
  readonly fraction: number;
}

const SINGLE: Format = { exponent: 8, fraction: 23 };
const DOUBLE: Format = { exponent: 11, fraction: 52 };

/** Bits of a number that is often special: zero, denormal, infinite, a NaN, near 1, an integer, near a limit. */
function randomFloat(random: Random, { exponent, fraction }: Format): bigint {
  const top = (1n << BigInt(exponent)) - 1n;
  const bias = top >> 1n;
  const mask = (1n << BigInt(fraction)) - 1n;
  const e = random.pick([
    0n,
    0n,
    1n,
    2n,
    top,
    top - 1n,
    bias,
    bias + BigInt(random.between(-3, 3)),
    bias + BigInt(random.between(-70, 70)),
    random.u64() & top,
  ]);
  const noise = random.u64();
  const f = random.pick([0n, 0n, 1n, mask, mask >> 1n, (mask >> 1n) + 1n, noise & mask, noise & mask & ~(mask >> 12n)]);
  return (BigInt(random.below(2)) << BigInt(exponent + fraction)) | (e << BigInt(fraction)) | f;
}

/** Bytes that are numbers of one format. */
export function randomFloats(random: Random, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  const view = new DataView(bytes.buffer);
  const single = random.chance(0.5);
  const same = random.chance(0.2) ? randomFloat(random, single ? SINGLE : DOUBLE) : undefined;
  for (let at = 0; at < count; at += single ? 4 : 8) {
    const bits = same !== undefined && random.chance(0.5) ? same : randomFloat(random, single ? SINGLE : DOUBLE);
    if (single) view.setUint32(at, Number(bits), true);
    else view.setBigUint64(at, bits, true);
  }
  return bytes;
}

/** MXCSR: often with masked exceptions, as programs have it. */
function randomMxcsr(random: Random): number {
  const flags = random.chance(0.5) ? 0x20 : random.below(64);
  const masks = random.chance(0.7) ? 0x1f80 : random.below(64) << 7;
  const modes = random.chance(0.5) ? 0 : (random.below(8) << 13) | (random.below(2) << 6);
  return flags | masks | modes;
}

/** An image of x87 registers and MXCSR. */
export function randomImage(random: Random): Uint8Array {
  const image = new Uint8Array(IMAGE_BYTES);
  const view = new DataView(image.buffer);
  const masks = random.chance(0.7) ? 0x3f : random.below(64);
  const flags = random.chance(0.5) ? 0 : random.below(64) & masks;
  view.setUint16(
    0,
    0x40 | masks | (random.pick([3, 3, 0, 2]) << 8) | (random.chance(0.5) ? 0 : random.below(4) << 10),
    true,
  );
  view.setUint16(2, flags | (random.below(8) << 11) | (random.below(8) << 8) | (random.below(2) << 14), true);
  view.setUint8(4, random.chance(0.7) ? 0xff : random.below(256));
  view.setUint32(IMAGE_MXCSR, randomMxcsr(random), true);
  for (let n = 0; n < 8; n++) putExtended(random, view, IMAGE_REGISTERS + 16 * n);
  return image;
}

function putExtended(random: Random, view: DataView, at: number): void {
  const bits = randomFloat(random, DOUBLE);
  const fraction = (bits & ((1n << 52n) - 1n)) << 11n;
  const integer = random.chance(0.95) ? 1n << 63n : 0n;
  const near = 0x3fff + random.between(-70, 70);
  const exponent = random.pick([0, 1, 0x7fff, 0x7ffe, 0x3fff, near, near, near, random.below(0x8000)]);
  view.setBigUint64(at, exponent === 0 && random.chance(0.7) ? 0n : fraction | integer | BigInt(random.below(2)), true);
  view.setUint16(at + 8, exponent | (random.below(2) << 15), true);
}
