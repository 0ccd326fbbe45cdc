import { contentsOf, elfMachine, ElfMachine, gunzip, ImageError, isElf, isGzip, readElf } from '@qvm/core/architecture';
import type { BootFile, Contents, DigestStore, ElfProgram, ElfSegment } from '@qvm/core/architecture';
import type { EntryProtocol } from './entries.js';
import { readFirmware } from './firmware-image.js';
import { findMultiboot } from './multiboot-header.js';
import { isBzImage, readSetupHeader, UNPACKER_BASE } from './setup-header.js';
import type { SetupHeader } from './setup-header.js';
import { unpackPayload } from './unpack/unpack-payload.js';
import type { X86Image } from './x86-image.js';

/** How an image is to be read. @experimental */
export interface ImageOptions {
  /** Largest size in bytes of an unpacked image: the VM's RAM. */
  readonly limit: number;
  /** Where unpacked kernels of bzImages are kept. Absent: nowhere. */
  readonly unpacked?: DigestStore | undefined;
  /** The way by which it must be entered, one of `ENTRIES`. Absent: as its format says. */
  readonly choice?: string | undefined;
}

/** The note that holds the entry of PVH (Xen, public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY). */
const PVH_NOTE = { name: 'Xen', type: 18 } as const;
/** The 64-bit entry, after the beginning of the unpacker. */
const ENTRY_64 = 0x200;
const MACHINES = [ElfMachine.X86_64, ElfMachine.I386] as const;

/**
 * Recognises an image: bzImage, ELF of 32 or 64 bits for x86 (with the note of PVH, with a multiboot header, or a plain
 * kernel), gzip of one of these, or firmware that begins at the reset vector.
 *
 * @throws `ImageError` `image.no-entry` when it has not the entry that is chosen, and others for truncated, damaged and foreign images.
 * @experimental
 */
export async function readImage(file: BootFile, { limit, unpacked, choice }: ImageOptions): Promise<X86Image> {
  const { name } = file;
  const bytes = isGzip(file.bytes) ? await gunzip(file.bytes, limit, name) : file.bytes;
  if (bytes.length === 0) throw new ImageError('truncated', `${name} is empty.`);
  if (isBzImage(bytes)) {
    const setup = readSetupHeader(bytes, name);
    if (setup.payload === undefined || choice === 'real-mode') return readUnpacker(setup, name, choice);
    const kernel = await unpackPayload(setup.payload, limit, name, unpacked);
    if (!isElf(kernel.piece(0, Math.min(kernel.length, 4))))
      throw new ImageError('bad-payload', `The kernel in ${name} is no ELF file.`);
    return { ...readProgram(kernel, `The kernel in ${name}`, LINUX_ENTRIES, choice, ['real-mode']), setup };
  }
  if (isElf(bytes)) return readProgram(contentsOf(bytes), name, PROGRAM_ENTRIES, choice);
  const firmware = readFirmware(bytes, name);
  chosen([firmware], name, choice);
  return firmware;
}

/**
 * Whether a file is a bzImage or an ELF file for x86 processors, by its beginning. Firmware cannot be told by that.
 *
 * @param head - the first 1024 bytes.
 */
export function isX86Image(head: Uint8Array): boolean {
  const machine = elfMachine(head);
  return isBzImage(head) || MACHINES.some((known) => known === machine);
}

/** A way by which an ELF file can be entered. */
type Entry = Pick<X86Image, 'protocol' | 'entry'>;

/** The preferred entry comes first. The 64-bit entry of a Linux kernel needs no code of 32 bits. */
const LINUX_ENTRIES: readonly EntryProtocol[] = ['linux64', 'pvh', 'linux32'];
/** An ELF file is entered as other virtual machines enter it: by PVH if it has the note, whatever else it can. */
const PROGRAM_ENTRIES: readonly EntryProtocol[] = ['pvh', 'multiboot2', 'multiboot1', 'linux64', 'linux32'];

/**
 * A bzImage as it is: its code after the setup code is loaded at 1 MiB and entered there, or by the setup code (Linux,
 * Documentation/arch/x86/boot.rst, "64-bit Boot Protocol").
 */
function readUnpacker(setup: SetupHeader, name: string, choice: string | undefined): X86Image {
  const entries: readonly Entry[] = [
    ...(setup.entry64 ? [{ protocol: 'linux64', entry: UNPACKER_BASE + ENTRY_64 } as const] : []),
    { protocol: 'linux32', entry: UNPACKER_BASE },
    { protocol: 'real-mode', entry: UNPACKER_BASE },
  ];
  const { unpacker } = setup;
  const segments = [{ address: UNPACKER_BASE, contents: contentsOf(unpacker), size: unpacker.length }];
  return { ...chosen(entries, name, choice), segments, setup, work: setup.work };
}

/** @param others - entries of the file around the program. */
function readProgram(
  file: Contents,
  name: string,
  order: readonly EntryProtocol[],
  choice: string | undefined,
  others: readonly EntryProtocol[] = [],
): X86Image {
  const program = readElf(file, MACHINES, name);
  const segments = program.segments.map(({ physical: address, contents, memorySize: size }) => ({
    address,
    contents,
    size,
  }));
  const own = entriesOf(program, file, name, order, choice);
  const { protocol, entry } = chosen(own, name, choice, others);
  if (!segments.some(({ address, size }) => entry >= address && entry < address + size))
    throw new ImageError('bad-header', `${name} begins at 0x${entry.toString(16)}, which is in none of its segments.`);
  return { protocol, entry, segments };
}

/** The first entry, or the one that a configuration asks for. */
function chosen(
  entries: readonly Entry[],
  name: string,
  choice: string | undefined,
  others: readonly EntryProtocol[] = [],
): Entry {
  const found = choice === undefined ? entries[0] : entries.find(({ protocol }) => protocol === choice);
  if (found !== undefined) return found;
  const there = [...entries.map(({ protocol }) => protocol), ...others].join(', ');
  throw new ImageError('no-entry', `${name} cannot be entered by ${choice ?? 'anything'}: it has ${there}.`);
}

/** All entries in an order of preference, or as far as they are needed to find the choice. */
function entriesOf(
  program: ElfProgram,
  file: Contents,
  name: string,
  order: readonly EntryProtocol[],
  choice: string | undefined,
): readonly Entry[] {
  const entry = physicalEntry(program.entry, program.segments);
  const note = program.notes.find(({ name: owner, type }) => owner === PVH_NOTE.name && type === PVH_NOTE.type);
  const multiboot = (version: 'multiboot1' | 'multiboot2'): readonly Entry[] => {
    const header = findMultiboot(file, version, name);
    return header === undefined ? [] : [{ protocol: version, entry: header.entry ?? entry }];
  };
  const makers: Readonly<Partial<Record<EntryProtocol, () => readonly Entry[]>>> = {
    pvh: () => (note === undefined ? [] : [{ protocol: 'pvh', entry: noteEntry(note.description, name) }]),
    multiboot1: () => multiboot('multiboot1'),
    multiboot2: () => multiboot('multiboot2'),
    linux64: () => (program.bits === 64 ? [{ protocol: 'linux64', entry }] : []),
    linux32: () => (program.bits === 32 ? [{ protocol: 'linux32', entry }] : []),
  };
  const entries: Entry[] = [];
  for (const protocol of order) {
    entries.push(...(makers[protocol]?.() ?? []));
    // A header that asks for something unsupported is no error where another entry is used.
    if (entries.some((found) => choice === undefined || found.protocol === choice)) break;
  }
  return entries;
}

/** 32 or 64 bits: Linux writes as many as it has. */
function noteEntry(description: Uint8Array, name: string): number {
  const view = new DataView(description.buffer, description.byteOffset, description.byteLength);
  const wide = description.length >= 8 ? view.getUint32(4, true) : 0;
  if (description.length < 4 || wide !== 0)
    throw new ImageError('bad-header', `${name} has a note for PVH without an address of 32 bits.`);
  return view.getUint32(0, true);
}

/** A kernel's entry may be a virtual address in one of its segments. */
function physicalEntry(entry: bigint, segments: readonly ElfSegment[]): number {
  const physical = segments.some((s) => entry >= BigInt(s.physical) && entry < BigInt(s.physical + s.memorySize));
  const virtual = segments.find((s) => entry >= s.virtual && entry < s.virtual + BigInt(s.memorySize));
  return physical || !virtual ? Number(entry) : virtual.physical + Number(entry - virtual.virtual);
}
