import { ELF_HEADER_BYTES, ELF_PROGRAM_HEADER_BYTES } from './elf64-format.js';
import type { ElfMachine, ElfSegmentType, ElfType } from './elf64-format.js';

/** `0x7f ELF`, 64 bits, little-endian, version 1. */
const IDENTIFICATION = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1];

/**
 * The header of an ELF file whose program headers follow it directly.
 *
 * @experimental
 */
export interface ElfHeader {
  /** Kind of the file. */
  readonly type: ElfType;
  /** Architecture of the code. */
  readonly machine: ElfMachine;
  /** Virtual address of the first instruction. Default 0: none. */
  readonly entry?: bigint;
  /** Number of program headers, at most 65,534. */
  readonly programHeaders: number;
}

/**
 * The header of a segment.
 *
 * @experimental
 */
export interface ElfProgramHeader {
  /** Kind of the segment. */
  readonly type: ElfSegmentType;
  /** Permissions: 1 execute, 2 write, 4 read. Default 0. */
  readonly flags?: number;
  /** Offset of its bytes in the file. */
  readonly offset: number;
  /** Virtual address. */
  readonly virtual: bigint;
  /** Physical address. */
  readonly physical: number;
  /** Bytes in the file. */
  readonly fileSize: number;
  /** Bytes in memory; those beyond `fileSize` are zeros. */
  readonly memorySize: number;
  /** Alignment of file offset and address, a power of two. Default 0: none. */
  readonly align?: number;
}

/**
 * Writes the header of an ELF64 file, little-endian.
 *
 * @param file - the file from its first byte; zeros so far.
 * @experimental
 */
export function writeElfHeader(file: DataView, { type, machine, entry = 0n, programHeaders }: ElfHeader): void {
  IDENTIFICATION.forEach((byte, at) => file.setUint8(at, byte));
  file.setUint16(16, type, true);
  file.setUint16(18, machine, true);
  file.setUint32(20, 1, true);
  file.setBigUint64(24, entry, true);
  file.setBigUint64(32, BigInt(programHeaders === 0 ? 0 : ELF_HEADER_BYTES), true);
  file.setUint16(52, ELF_HEADER_BYTES, true);
  file.setUint16(54, ELF_PROGRAM_HEADER_BYTES, true);
  file.setUint16(56, programHeaders, true);
}

/**
 * Writes a program header of an ELF64 file.
 *
 * @param file - the file from its first byte.
 * @param index - number of the program header, from 0.
 * @experimental
 */
export function writeElfProgramHeader(file: DataView, index: number, header: ElfProgramHeader): void {
  const { type, flags = 0, offset, virtual, physical, fileSize, memorySize, align = 0 } = header;
  const at = ELF_HEADER_BYTES + index * ELF_PROGRAM_HEADER_BYTES;
  file.setUint32(at, type, true);
  file.setUint32(at + 4, flags, true);
  [offset, virtual, physical, fileSize, memorySize, align].forEach((value, field) =>
    file.setBigUint64(at + 8 + 8 * field, BigInt(value), true),
  );
}
