import { ascii, join, little } from './bytes.js';
import type { Bytes } from './bytes.js';
import { invalid } from './invalid.js';

// ACPI 6.5, section 20.2.2.
const ROOT = 0x5c;
const PARENT = 0x5e;
const NULL_NAME = 0x00;
const DUAL_NAME = 0x2e;
const MULTI_NAME = 0x2f;
const SEGMENT = /^[A-Z_][A-Z0-9_]{0,3}$/;
const SEGMENT_LIMIT = 255;

/**
 * A name of one segment, filled up with `_`.
 *
 * @throws `QvmError` `acpi.invalid`.
 */
export function nameSegment(name: string): Bytes {
  if (!SEGMENT.test(name))
    throw invalid(`"${name}" is no name of ACPI: 1 to 4 of A to Z, 0 to 9 and _, no digit first.`);
  return ascii(name.padEnd(4, '_'));
}

/**
 * A path: segments between dots, after a `\` or any number of `^`, or none.
 *
 * @throws `QvmError` `acpi.invalid`.
 */
export function nameString(path: string): Bytes {
  const prefix = /^(\\|\^*)/.exec(path)?.[0] ?? '';
  const names = path.slice(prefix.length);
  const segments = names === '' ? [] : names.split('.').map(nameSegment);
  if (segments.length > SEGMENT_LIMIT || (segments.length === 0 && prefix === ''))
    throw invalid(`"${path}" is no path in the ACPI namespace.`);
  const begin = Array.from(prefix, (character) => (character === '\\' ? ROOT : PARENT));
  return [...begin, ...lead(segments.length), ...join(segments)];
}

function lead(segments: number): Bytes {
  if (segments === 0) return [NULL_NAME];
  if (segments === 1) return [];
  return segments === 2 ? [DUAL_NAME] : [MULTI_NAME, segments];
}

/**
 * The 32-bit form of an EISA identifier: three letters and four hexadecimal digits (section 19.6.36).
 *
 * @throws `QvmError` `acpi.invalid`.
 */
export function eisaNumber(id: string): number {
  const [, letters, digits] = /^([A-Z]{3})([0-9A-F]{4})$/.exec(id) ?? [];
  if (letters === undefined || digits === undefined)
    throw invalid(`"${id}" is no EISA identifier such as PNP0501: three letters and four hexadecimal digits.`);
  const [first, second, third] = ascii(letters).map((code) => code - 0x40) as [number, number, number];
  const product = Number.parseInt(digits, 16);
  const vendor = (first << 10) | (second << 5) | third;
  // Both halves are big-endian in memory.
  const [a, b, c, d] = [vendor >> 8, vendor & 0xff, product >> 8, product & 0xff];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

/** Largest value of a package length. */
const LENGTH_LIMIT = 2 ** 28;
const ONE_BYTE_LIMIT = 0x3f;

/** A length that does not count its own bytes, as the number of bits of a field (section 20.2.4). */
export function fieldLength(length: number): Bytes {
  if (!Number.isInteger(length) || length < 0 || length >= LENGTH_LIMIT)
    throw invalid(`A length of ${length} does not fit into AML.`);
  if (length <= ONE_BYTE_LIMIT) return [length];
  const extra = little(Math.floor(length / 16), 3);
  const count = length < 2 ** 12 ? 1 : length < 2 ** 20 ? 2 : 3;
  return [(count << 6) | (length & 0xf), ...extra.slice(0, count)];
}

/** Bytes with the package length before them, which counts itself. */
export function packaged(body: Bytes): Bytes {
  for (let own = 1; ; own++) {
    const length = fieldLength(body.length + own);
    if (length.length === own) return [...length, ...body];
  }
}
