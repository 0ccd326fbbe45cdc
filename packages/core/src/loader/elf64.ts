import { PHYSICAL_ADDRESS_LIMIT } from '../memory/address-range.js';
import { ELF_HEADER_BYTES, ELF_PROGRAM_HEADER_BYTES, ElfMachine, ElfSegmentType, ElfType } from './elf64-format.js';
import { ImageError } from './image-error.js';

// System V ABI, "Object Files" (gABI), ELF64 with little-endian data.
const SECTION_HEADER_BYTES = 64;
const MAGIC = 0x7f45_4c46;
const CLASS_64 = 2;
const DATA_LITTLE_ENDIAN = 1;
/** PN_XNUM: the count does not fit into the field; `sh_info` of the first section header has it. */
const COUNT_ELSEWHERE = 0xffff;

/**
 * A loadable part of a program: file bytes, followed by zeros up to `memorySize`.
 *
 * @experimental
 */
export interface ElfSegment {
  /** Guest-physical address (`p_paddr`). */
  readonly physical: number;
  /** Virtual address (`p_vaddr`). */
  readonly virtual: bigint;
  /** A view on the file. */
  readonly bytes: Uint8Array;
  /** Size in memory in bytes; at least the size of `bytes`. */
  readonly memorySize: number;
}

/**
 * The contents of an ELF file that a loader needs.
 *
 * @experimental
 */
export interface ElfProgram {
  /** Virtual address of the first instruction (`e_entry`). */
  readonly entry: bigint;
  /** In ascending physical order, disjoint. */
  readonly segments: readonly ElfSegment[];
}

/**
 * Whether a file has the ELF magic number.
 *
 * @experimental
 */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0) === MAGIC;
}

/**
 * Reads the program of a 64-bit little-endian ELF file.
 *
 * @param machine - the machine that the file must be for.
 * @param name - name of the file in errors.
 * @throws {@link ImageError} `image.unknown-format`, `image.truncated`, `image.wrong-class`, `image.wrong-endianness`,
 * `image.wrong-machine`, `image.bad-header`, `image.bad-segment`, `image.overlap`, `image.no-segments`.
 * @experimental
 */
export function readElf64(bytes: Uint8Array, machine: ElfMachine, name = 'The image'): ElfProgram {
  if (!isElf(bytes)) throw new ImageError('unknown-format', `${name} is not an ELF file.`);
  if (bytes.length < ELF_HEADER_BYTES) throw new ImageError('truncated', `${name} ends inside its ELF header.`);
  const view = viewOf(bytes);
  checkIdentity(view, machine, name);
  const segments = programHeaders(view, name).flatMap((offset) => readSegment(bytes, view, offset, name));
  if (segments.length === 0) throw new ImageError('no-segments', `${name} has nothing to load.`);
  segments.sort((a, b) => a.physical - b.physical);
  checkOverlap(segments, name);
  return { entry: view.getBigUint64(24, true), segments };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checkIdentity(view: DataView, machine: ElfMachine, name: string): void {
  if (view.getUint8(4) !== CLASS_64) throw new ImageError('wrong-class', `${name} is not a 64-bit ELF file.`);
  if (view.getUint8(5) !== DATA_LITTLE_ENDIAN) {
    throw new ImageError('wrong-endianness', `${name} is not a little-endian ELF file.`);
  }
  const found = view.getUint16(18, true);
  if (found !== machine) {
    const other = ElfMachine[found] ?? `machine ${found}`;
    throw new ImageError('wrong-machine', `${name} is for ${other}, not for ${ElfMachine[machine]}.`);
  }
  const type = view.getUint16(16, true);
  if (type !== ElfType.Executable && type !== ElfType.Shared) {
    throw new ImageError('bad-header', `${name} is an ELF file of type ${type}, not a program.`);
  }
}

/** Offsets of the program headers. */
function programHeaders(view: DataView, name: string): readonly number[] {
  const table = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  const count = programHeaderCount(view, name);
  if (count !== 0 && size < ELF_PROGRAM_HEADER_BYTES) {
    throw new ImageError(
      'bad-header',
      `${name} has an unusable program header table (${count} entries of ${size} bytes).`,
    );
  }
  if (table + count * size > view.byteLength) {
    throw new ImageError('truncated', `${name} ends inside its program header table.`);
  }
  return Array.from({ length: count }, (_, index) => table + index * size);
}

function programHeaderCount(view: DataView, name: string): number {
  const count = view.getUint16(56, true);
  if (count !== COUNT_ELSEWHERE) return count;
  const section = Number(view.getBigUint64(40, true));
  if (section + SECTION_HEADER_BYTES > view.byteLength)
    throw new ImageError('truncated', `${name} ends inside its first section header.`);
  return view.getUint32(section + 44, true);
}

function readSegment(bytes: Uint8Array, view: DataView, header: number, name: string): ElfSegment[] {
  const field = (offset: number): number => Number(view.getBigUint64(header + offset, true));
  const memorySize = field(40);
  if (view.getUint32(header, true) !== ElfSegmentType.Load || memorySize === 0) return [];
  const [offset, physical, fileSize] = [field(8), field(24), field(32)];
  const where = `The segment of ${name} for 0x${physical.toString(16)}`;
  if (fileSize > memorySize) throw new ImageError('bad-segment', `${where} is larger in the file than in memory.`);
  if (physical + memorySize > PHYSICAL_ADDRESS_LIMIT) {
    throw new ImageError('bad-segment', `${where} ends beyond 48-bit addresses.`);
  }
  if (offset + fileSize > bytes.length) throw new ImageError('truncated', `${where} lies beyond the end of the file.`);
  const virtual = view.getBigUint64(header + 16, true);
  return [{ physical, virtual, bytes: bytes.subarray(offset, offset + fileSize), memorySize }];
}

/**
 * Refuses overlapping segments, which would let a small file make the loader copy more bytes than the guest has RAM.
 */
function checkOverlap(segments: readonly ElfSegment[], name: string): void {
  let end = 0;
  for (const { physical, memorySize } of segments) {
    if (physical < end) {
      throw new ImageError('overlap', `Two segments of ${name} overlap at 0x${physical.toString(16)}.`);
    }
    end = physical + memorySize;
  }
}
