import { AddressRegister } from '@qvm/isa-x86_64';
import type { InstructionParts } from '@qvm/isa-x86_64';
import { SEGMENTS, generalName } from '../registers.js';
import type { TextSite } from './text-site.js';

/** Names of sizes, by log2 of the bytes. */
export const SIZE_NAMES: readonly string[] = ['BYTE', 'WORD', 'DWORD', 'QWORD', 'XMMWORD', 'YMMWORD'];

const NONE: number = AddressRegister.None;
const DS = 3;

/** A number in hexadecimal, cut to `bits`. */
export const hex = (value: bigint | number, bits = 64): string =>
  `0x${BigInt.asUintN(bits, BigInt(value)).toString(16)}`;

const signed = (value: number): string => (value < 0 ? `-0x${(-value).toString(16)}` : `+0x${value.toString(16)}`);

/** The prefix of a segment register that an instruction names. */
const segmentText = ({ segment }: InstructionParts): string => (segment < 0 ? '' : `${SEGMENTS[segment]}:`);

/** The text of the operand in memory that ModRM names, such as `DWORD PTR [rax+rcx*4+0x8]`. @param size - `''` if it has none. @param vectorIndex - the index register if it is a vector. */
export function memoryText(parts: InstructionParts, size: string, vectorIndex?: string): string {
  const { address, addressSize } = parts;
  if (!address) throw new Error(`${parts.row.name} has no operand in memory here`);
  const keyword = size === '' ? '' : `${size} PTR `;
  const { base, index, scale, displacement, relative } = address;
  const names: string[] = [];
  if (relative) names.push(addressSize === 3 ? 'rip' : 'eip');
  else if (base !== NONE) names.push(generalName(base, addressSize, true));
  if (index !== NONE)
    names.push(generalName(index, addressSize, true) + (addressSize === 1 ? '' : `*${1 << (scale & 3)}`));
  if (vectorIndex !== undefined) names.push(`${vectorIndex}*${1 << (scale & 3)}`);
  if (names.length === 0) return keyword + absoluteText(parts, BigInt(displacement));
  const distance = relative
    ? `+${hex(displacement, 8 << addressSize)}`
    : displacement === 0
      ? ''
      : signed(displacement);
  return `${keyword}${segmentText(parts)}[${names.join('+')}${distance}]`;
}

/** An address without registers, such as `fs:0x28`. */
export function absoluteText({ segment, addressSize }: InstructionParts, offset: bigint): string {
  return `${SEGMENTS[segment < 0 ? DS : segment]}:${hex(offset, 8 << addressSize)}`;
}

/** The operand of a string instruction at an index register. @param overridable - whether a prefix may give the segment. */
export function stringText(parts: InstructionParts, register: number, size: string, overridable: boolean): string {
  const segment = overridable ? (parts.segment < 0 ? DS : parts.segment) : 0;
  return `${size} PTR ${SEGMENTS[segment]}:[${generalName(register, parts.addressSize, true)}]`;
}

/** The address of a RIP-relative operand as a comment, as objdump shows it. */
export function relativeComment(parts: InstructionParts, { pc, bits }: TextSite): string {
  if (!parts.address?.relative) return '';
  return `        # ${hex(pc + BigInt(parts.length + parts.address.displacement), Math.min(bits, 8 << parts.addressSize))}`;
}
