import type { AcpiValue } from '@qvm/core/vdev';
import { eisaNumber, nameString, packaged } from './aml-names.js';
import { ascii, join, little, little64 } from './bytes.js';
import type { Bytes } from './bytes.js';
import { invalid } from './invalid.js';
import { resourceTemplate } from './resource-template.js';

// ACPI 6.5, section 20.2.3 and table 20.4.
const Op = {
  zero: 0x00,
  one: 0x01,
  ones: 0xff,
  byte: 0x0a,
  word: 0x0b,
  dword: 0x0c,
  string: 0x0d,
  qword: 0x0e,
  buffer: 0x11,
  package: 0x12,
  variablePackage: 0x13,
} as const;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
/** Elements of a package whose count is a byte. */
const PACKAGE_LIMIT = 255;
const DEPTH_LIMIT = 32;

/**
 * The AML of a value.
 *
 * @throws `QvmError` `acpi.invalid`.
 */
export function encodeValue(value: AcpiValue, depth = 0): Bytes {
  if (depth > DEPTH_LIMIT) throw invalid(`Packages are nested more than ${DEPTH_LIMIT} deep.`);
  if (typeof value === 'number' || typeof value === 'bigint') return encodeInteger(value);
  if (typeof value === 'string') return encodeString(value);
  if (value instanceof Uint8Array) return encodeBuffer(Array.from(value));
  if (isPackage(value)) return encodePackage(value, depth);
  if ('eisaId' in value) return [Op.dword, ...little(eisaNumber(value.eisaId), 4)];
  if ('path' in value) return nameString(value.path);
  return encodeBuffer(resourceTemplate(value.resources));
}

const isPackage = (value: AcpiValue): value is readonly AcpiValue[] => Array.isArray(value);

/** An integer in the shortest form. */
export function encodeInteger(value: number | bigint): Bytes {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw invalid(`${value} is no integer of ACPI.`);
  const integer = BigInt(value);
  if (integer < 0n || integer > ALL_ONES) throw invalid(`${integer} is no integer of ACPI: it has 64 bits.`);
  if (integer === 0n) return [Op.zero];
  if (integer === 1n) return [Op.one];
  if (integer === ALL_ONES) return [Op.ones];
  if (integer > 0xffff_ffffn) return [Op.qword, ...little64(integer)];
  const small = Number(integer);
  if (small <= 0xff) return [Op.byte, small];
  return small <= 0xffff ? [Op.word, ...little(small, 2)] : [Op.dword, ...little(small, 4)];
}

function encodeString(text: string): Bytes {
  const codes = ascii(text);
  if (codes.some((code) => code === 0 || code > 0x7f)) throw invalid(`The text ${JSON.stringify(text)} is not ASCII.`);
  return [Op.string, ...codes, 0];
}

function encodeBuffer(bytes: Bytes): Bytes {
  return [Op.buffer, ...packaged([...encodeInteger(bytes.length), ...bytes])];
}

function encodePackage(elements: readonly AcpiValue[], depth: number): Bytes {
  const body = join(elements.map((element) => encodeValue(element, depth + 1)));
  const { length } = elements;
  if (length <= PACKAGE_LIMIT) return [Op.package, ...packaged([length, ...body])];
  return [Op.variablePackage, ...packaged([...encodeInteger(length), ...body])];
}
