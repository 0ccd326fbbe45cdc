import { GuestFormatError } from './errors.js';

interface Section {
  readonly nameOffset: number;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** Places of the fields that differ between the classes of ELF files (System V ABI, "ELF Header", "Sections"). */
interface ElfLayout {
  /** Size of the file header in bytes. */
  readonly header: number;
  /** e_shoff, e_shentsize, e_shnum, e_shstrndx. */
  readonly table: number;
  readonly entrySize: number;
  readonly count: number;
  readonly names: number;
  /** Size of a section header, and sh_offset, sh_size, sh_link in it. */
  readonly sectionHeader: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  /** Reads an Off or a size. */
  word(view: DataView, at: number): number;
}

/** By EI_CLASS. */
const LAYOUTS: Readonly<Record<number, ElfLayout>> = {
  1: {
    ...{ header: 52, table: 0x20, entrySize: 0x2e, count: 0x30, names: 0x32 },
    ...{ sectionHeader: 40, offset: 16, size: 20, link: 24 },
    word: (view, at) => view.getUint32(at, true),
  },
  2: {
    ...{ header: 64, table: 0x28, entrySize: 0x3a, count: 0x3c, names: 0x3e },
    ...{ sectionHeader: 64, offset: 24, size: 32, link: 40 },
    word: u64,
  },
};

const SHT_NOBITS = 8;
const SHN_XINDEX = 0xffff;
const MAX_SECTIONS = 65_536;
const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder('utf-8');

/** A 64-bit field that must be inside of the file; larger values are refused before they lose precision. */
function u64(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  if (!Number.isSafeInteger(value)) throw new GuestFormatError('elf: offset out of range');
  return value;
}

function layoutOf(bytes: Uint8Array): ElfLayout {
  if (latin1.decode(bytes.subarray(0, 4)) !== '\x7fELF') throw new GuestFormatError('elf: not an ELF file');
  const layout = LAYOUTS[bytes[4] ?? 0];
  // EI_DATA = ELFDATA2LSB.
  if (layout === undefined || bytes[5] !== 1)
    throw new GuestFormatError('elf: neither 32-bit nor 64-bit little-endian');
  if (bytes.length < layout.header) throw new GuestFormatError('elf: truncated');
  return layout;
}

function sectionAt(view: DataView, layout: ElfLayout, tableOffset: number, index: number): Section {
  const at = tableOffset + index * layout.sectionHeader;
  if (at + layout.sectionHeader > view.byteLength) throw new GuestFormatError('elf: section header outside the file');
  return {
    nameOffset: view.getUint32(at, true),
    type: view.getUint32(at + 4, true),
    offset: layout.word(view, at + layout.offset),
    size: layout.word(view, at + layout.size),
    link: view.getUint32(at + layout.link, true),
  };
}

function sectionBytes(bytes: Uint8Array, section: Section): Uint8Array {
  if (section.type === SHT_NOBITS) throw new GuestFormatError('elf: section without bytes');
  if (section.offset > bytes.length || section.size > bytes.length - section.offset) {
    throw new GuestFormatError('elf: section outside the file');
  }
  return bytes.subarray(section.offset, section.offset + section.size);
}

function stringAt(table: Uint8Array, at: number): string {
  const end = at < table.length ? table.indexOf(0, at) : -1;
  if (end < 0) throw new GuestFormatError('elf: name outside the string table');
  return latin1.decode(table.subarray(at, end));
}

/**
 * The bytes of the section `name` of a little-endian ELF file, or `undefined` when it has none.
 * Layout and escapes for large tables: System V ABI, "ELF header" (e_shnum, e_shstrndx) and "Section header".
 *
 * @throws GuestFormatError when a header points outside the file
 */
export function elfSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const layout = layoutOf(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tableOffset = layout.word(view, layout.table);
  if (tableOffset === 0) return undefined;
  if (view.getUint16(layout.entrySize, true) !== layout.sectionHeader)
    throw new GuestFormatError('elf: bad e_shentsize');
  const first = sectionAt(view, layout, tableOffset, 0);
  const count = view.getUint16(layout.count, true) || first.size;
  const namesIndex = view.getUint16(layout.names, true);
  if (count > MAX_SECTIONS) throw new GuestFormatError(`elf: ${count} sections`);
  const stringsIndex = namesIndex === SHN_XINDEX ? first.link : namesIndex;
  if (stringsIndex >= count) throw new GuestFormatError('elf: bad e_shstrndx');
  const strings = sectionBytes(bytes, sectionAt(view, layout, tableOffset, stringsIndex));
  for (let index = 1; index < count; index++) {
    const section = sectionAt(view, layout, tableOffset, index);
    if (stringAt(strings, section.nameOffset) === name) return sectionBytes(bytes, section);
  }
  return undefined;
}

/**
 * The `key=value` strings of a kernel module's `.modinfo` section; a key may occur several times.
 *
 * @throws GuestFormatError when `bytes` is not a kernel module
 */
export function moduleInfo(bytes: Uint8Array): Map<string, string[]> {
  const section = elfSection(bytes, '.modinfo');
  if (section === undefined) throw new GuestFormatError('elf: no .modinfo section');
  const info = new Map<string, string[]>();
  for (const record of utf8.decode(section).split('\0')) {
    const equals = record.indexOf('=');
    if (equals <= 0) continue; // padding between the strings
    const key = record.slice(0, equals);
    const values = info.get(key) ?? [];
    values.push(record.slice(equals + 1));
    info.set(key, values);
  }
  return info;
}

/** A module's name as the kernel uses it: file names use `-` and `_` interchangeably, the kernel only `_`. */
export function moduleName(name: string): string {
  return name.replaceAll('-', '_');
}

/**
 * The dependencies of a module, by the kernel's names, in the order of the module.
 *
 * @throws GuestFormatError when `bytes` is not a kernel module, or a name is invalid
 */
export function moduleDependencies(bytes: Uint8Array): string[] {
  const names = (moduleInfo(bytes).get('depends') ?? []).flatMap((list) => list.split(',')).filter((n) => n !== '');
  for (const name of names) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) throw new GuestFormatError('elf: bad name in depends=');
  }
  return names.map(moduleName);
}
