import { PHYSICAL_ADDRESS_LIMIT } from '../memory/address-range.js';
import { alignUp } from '../memory/align-up.js';
import { ELF_HEADER_BYTES, ELF_PROGRAM_HEADER_BYTES, ElfMachine, ElfSegmentType, ElfType } from './elf64-format.js';
import { contentsOf, partOf } from './contents.js';
import type { Contents } from './contents.js';
import { ImageError } from './image-error.js';

// System V ABI, "Object Files" (gABI), with little-endian data.
const MAGIC = 0x7f45_4c46;
const DATA_LITTLE_ENDIAN = 1;
const IDENTIFICATION_BYTES = 20;
/** PN_XNUM: the count does not fit into the field; `sh_info` of the first section header has it. */
const COUNT_ELSEWHERE = 0xffff;

/** Offsets of the fields that differ between the classes. */
interface ElfLayout {
  readonly bits: 32 | 64;
  /** Size of the file header, of a program header, and of a section header. */
  readonly header: number;
  readonly programHeader: number;
  readonly sectionHeader: number;
  /** In the file header: e_phoff, e_shoff, e_phentsize, e_phnum. */
  readonly programTable: number;
  readonly sectionTable: number;
  readonly entrySize: number;
  readonly count: number;
  /** In a program header: p_offset, p_vaddr, p_paddr, p_filesz, p_memsz. */
  readonly fields: readonly [offset: number, virtual: number, physical: number, fileSize: number, memorySize: number];
  /** In a section header: sh_info. */
  readonly info: number;
}

/** By EI_CLASS. */
const LAYOUTS: Readonly<Record<number, ElfLayout>> = {
  1: {
    bits: 32,
    ...{ header: 52, programHeader: 32, sectionHeader: 40 },
    ...{ programTable: 28, sectionTable: 32, entrySize: 42, count: 44 },
    fields: [4, 8, 12, 16, 20],
    info: 28,
  },
  2: {
    bits: 64,
    ...{ header: ELF_HEADER_BYTES, programHeader: ELF_PROGRAM_HEADER_BYTES, sectionHeader: 64 },
    ...{ programTable: 32, sectionTable: 40, entrySize: 54, count: 56 },
    fields: [8, 16, 24, 32, 40],
    info: 44,
  },
};

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
  /** Its part of the file. */
  readonly contents: Contents;
  /** Size in memory in bytes; at least that of the contents. */
  readonly memorySize: number;
}

/**
 * The contents of an ELF file that a loader needs.
 *
 * @experimental
 */
export interface ElfProgram {
  /** Class of the file. */
  readonly bits: 32 | 64;
  /** The machine that it is for. */
  readonly machine: ElfMachine;
  /** Virtual address of the first instruction (`e_entry`). */
  readonly entry: bigint;
  /** In ascending physical order, disjoint. */
  readonly segments: readonly ElfSegment[];
  /** The notes of all note segments. */
  readonly notes: readonly ElfNote[];
}

/**
 * A note in an ELF file.
 *
 * @experimental
 */
export interface ElfNote {
  /** Its owner, such as `Xen`. */
  readonly name: string;
  /** Its type, counted by the owner. */
  readonly type: number;
  /** The bytes of it. */
  readonly description: Uint8Array;
}

/**
 * Whether a file has the ELF magic number.
 *
 * @experimental
 */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0) === MAGIC;
}

/** Offset of `e_machine`, the same in both classes. */
const MACHINE_OFFSET = 18;

/**
 * The machine that an ELF file is for (`e_machine`), from the beginning of the file; `undefined` for other files.
 *
 * @experimental
 */
export function elfMachine(bytes: Uint8Array): number | undefined {
  return isElf(bytes) && bytes.length >= IDENTIFICATION_BYTES
    ? viewOf(bytes).getUint16(MACHINE_OFFSET, true)
    : undefined;
}

/**
 * Reads the program of a 64-bit little-endian ELF file.
 *
 * @param machine - the machine that the file must be for.
 * @param name - name of the file in errors.
 * @throws {@link ImageError} `image.wrong-class`, and as {@link readElf}.
 * @experimental
 */
export function readElf64(bytes: Uint8Array, machine: ElfMachine, name = 'The image'): ElfProgram {
  // A file of the wrong class is reported as such, whatever else is wrong with it.
  if (isElf(bytes) && bytes.length >= ELF_HEADER_BYTES && LAYOUTS[bytes[4] as number]?.bits !== 64)
    throw new ImageError('wrong-class', `${name} is not a 64-bit ELF file.`);
  if (isElf(bytes) && bytes.length < ELF_HEADER_BYTES)
    throw new ImageError('truncated', `${name} ends inside its ELF header.`);
  return readElf(contentsOf(bytes), [machine], name);
}

/**
 * Reads the program of a little-endian ELF file.
 *
 * @param machines - the machines that the file may be for.
 * @param name - name of the file in errors.
 * @throws {@link ImageError} `image.unknown-format`, `image.truncated`, `image.wrong-class`, `image.wrong-endianness`,
 * `image.wrong-machine`, `image.bad-header`, `image.bad-segment`, `image.overlap`, `image.no-segments`.
 * @experimental
 */
export function readElf(file: Contents, machines: readonly ElfMachine[], name = 'The image'): ElfProgram {
  const head = file.piece(0, Math.min(file.length, ELF_HEADER_BYTES)).slice();
  if (!isElf(head)) throw new ImageError('unknown-format', `${name} is not an ELF file.`);
  const layout = LAYOUTS[head[4] as number];
  if (head.length < IDENTIFICATION_BYTES || (layout && head.length < layout.header))
    throw new ImageError('truncated', `${name} ends inside its ELF header.`);
  if (!layout) throw new ImageError('wrong-class', `${name} is neither a 32-bit nor a 64-bit ELF file.`);
  const view = viewOf(head);
  const machine = checkIdentity(view, machines, name);
  const headers = programHeaders(file, view, layout, name);
  const segments = headers.flatMap((header) => readSegment(file, header, layout, name));
  if (segments.length === 0) throw new ImageError('no-segments', `${name} has nothing to load.`);
  segments.sort((a, b) => a.physical - b.physical);
  checkOverlap(segments, name);
  const notes: ElfNote[] = [];
  for (const header of headers) readNotes(notes, file, header, layout);
  const entry = layout.bits === 64 ? view.getBigUint64(24, true) : BigInt(view.getUint32(24, true));
  return { bits: layout.bits, machine, entry, segments, notes };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checkIdentity(view: DataView, machines: readonly ElfMachine[], name: string): ElfMachine {
  if (view.getUint8(5) !== DATA_LITTLE_ENDIAN) {
    throw new ImageError('wrong-endianness', `${name} is not a little-endian ELF file.`);
  }
  const found = view.getUint16(18, true);
  const machine = machines.find((candidate) => candidate === found);
  if (machine === undefined) {
    const other = ElfMachine[found] ?? `machine ${found}`;
    const wanted = machines.map((candidate) => ElfMachine[candidate]).join(' or ');
    throw new ImageError('wrong-machine', `${name} is for ${other}, not for ${wanted}.`);
  }
  const type = view.getUint16(16, true);
  if (type !== ElfType.Executable && type !== ElfType.Shared) {
    throw new ImageError('bad-header', `${name} is an ELF file of type ${type}, not a program.`);
  }
  return machine;
}

/** A field of the class's size. */
const wordAt = (view: DataView, { bits }: ElfLayout, at: number): number =>
  bits === 64 ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true);

/** The program headers. */
function programHeaders(file: Contents, view: DataView, layout: ElfLayout, name: string): readonly DataView[] {
  const table = wordAt(view, layout, layout.programTable);
  const size = view.getUint16(layout.entrySize, true);
  const count = programHeaderCount(file, view, layout, name);
  if (count !== 0 && size < layout.programHeader) {
    throw new ImageError(
      'bad-header',
      `${name} has an unusable program header table (${count} entries of ${size} bytes).`,
    );
  }
  if (table + count * size > file.length) {
    throw new ImageError('truncated', `${name} ends inside its program header table.`);
  }
  const headers = viewOf(file.piece(table, table + count * size).slice());
  return Array.from({ length: count }, (_, index) => new DataView(headers.buffer, index * size, size));
}

function programHeaderCount(file: Contents, view: DataView, layout: ElfLayout, name: string): number {
  const count = view.getUint16(layout.count, true);
  if (count !== COUNT_ELSEWHERE) return count;
  const section = wordAt(view, layout, layout.sectionTable);
  if (section + layout.sectionHeader > file.length)
    throw new ImageError('truncated', `${name} ends inside its first section header.`);
  return viewOf(file.piece(section, section + layout.sectionHeader)).getUint32(layout.info, true);
}

function readSegment(file: Contents, header: DataView, layout: ElfLayout, name: string): ElfSegment[] {
  const [offset, , physical, fileSize, memorySize] = layout.fields.map((field) => wordAt(header, layout, field)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (header.getUint32(0, true) !== ElfSegmentType.Load || memorySize === 0) return [];
  const where = `The segment of ${name} for 0x${physical.toString(16)}`;
  if (fileSize > memorySize) throw new ImageError('bad-segment', `${where} is larger in the file than in memory.`);
  if (physical + memorySize > PHYSICAL_ADDRESS_LIMIT) {
    throw new ImageError('bad-segment', `${where} ends beyond 48-bit addresses.`);
  }
  if (offset + fileSize > file.length) throw new ImageError('truncated', `${where} lies beyond the end of the file.`);
  const at = layout.fields[1];
  const virtual = layout.bits === 64 ? header.getBigUint64(at, true) : BigInt(header.getUint32(at, true));
  return [{ physical, virtual, contents: partOf(file, offset, offset + fileSize), memorySize }];
}

/** Notes that are read at most: note segments may overlap, and so may be more than the file has bytes. */
const NOTES_LIMIT = 256;
/** Size of the three fields before a note's name. */
const NOTE_HEADER = 12;

/** Adds the notes of a note segment, as far as they lie within the file; name and description are padded to 4 bytes. */
function readNotes(notes: ElfNote[], file: Contents, header: DataView, layout: ElfLayout): void {
  if (header.getUint32(0, true) !== ElfSegmentType.Note) return;
  const [begin, size] = [layout.fields[0], layout.fields[3]].map((field) => wordAt(header, layout, field)) as [
    number,
    number,
  ];
  const end = Math.min(begin + size, file.length);
  for (let at = begin; at + NOTE_HEADER <= end && notes.length < NOTES_LIMIT;) {
    const fields = viewOf(file.piece(at, at + NOTE_HEADER));
    const [nameSize, descriptionSize] = [fields.getUint32(0, true), fields.getUint32(4, true)];
    const type = fields.getUint32(8, true);
    const name = at + NOTE_HEADER;
    const description = name + alignUp(nameSize, 4);
    if (description + descriptionSize > end) break;
    const text = new TextDecoder('latin1').decode(file.piece(name, name + nameSize).slice());
    notes.push({
      name: text.replace(/\0.*$/s, ''),
      type,
      description: file.piece(description, description + descriptionSize).slice(),
    });
    at = description + alignUp(descriptionSize, 4);
  }
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
