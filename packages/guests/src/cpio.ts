import { GuestFormatError } from './errors.js';

interface CpioCommon {
  /** Relative path, without a leading `/` or `./`. */
  readonly path: string;
  /** Permission bits, e.g. 0o755. */
  readonly permissions: number;
}

/** An entry of an initramfs. */
export type CpioEntry = CpioCommon &
  (
    | { readonly kind: 'file'; readonly data: Uint8Array }
    | { readonly kind: 'directory' }
    | { readonly kind: 'symlink'; readonly target: string }
    | { readonly kind: 'character'; readonly major: number; readonly minor: number }
  );

const MAGIC = '070701';
const HEADER = 110;
const TRAILER = 'TRAILER!!!';
/** File type bits of `st_mode` (POSIX sys/stat.h values, which the format uses). */
const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000, character: 0o020000 } as const;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

const align4 = (n: number): number => (n + 3) & ~3;

function header(fields: readonly number[]): Uint8Array {
  return encoder.encode(MAGIC + fields.map((value) => value.toString(16).toUpperCase().padStart(8, '0')).join(''));
}

function contents(entry: CpioEntry): Uint8Array {
  if (entry.kind === 'file') return entry.data;
  return entry.kind === 'symlink' ? encoder.encode(entry.target) : new Uint8Array(0);
}

function member(entry: CpioEntry, inode: number, mtime: number): Uint8Array[] {
  const name = encoder.encode(`${entry.path}\0`);
  const data = contents(entry);
  const [major, minor] = entry.kind === 'character' ? [entry.major, entry.minor] : [0, 0];
  const mode = TYPE_BITS[entry.kind] | (entry.permissions & 0o7777);
  const links = entry.kind === 'directory' ? 2 : 1;
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const fields = [inode, mode, 0, 0, links, mtime, data.length, 0, 0, major, minor, name.length, 0];
  const namePad = new Uint8Array(align4(HEADER + name.length) - HEADER - name.length);
  return [header(fields), name, namePad, data, new Uint8Array(align4(data.length) - data.length)];
}

function trailer(): Uint8Array[] {
  const name = encoder.encode(`${TRAILER}\0`);
  const fields = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, name.length, 0];
  return [header(fields), name, new Uint8Array(align4(HEADER + name.length) - HEADER - name.length)];
}

const byPath = (a: CpioEntry, b: CpioEntry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

function checkTree(sorted: readonly CpioEntry[]): void {
  const directories = new Set(['']);
  let previous = '';
  for (const { path, kind } of sorted) {
    if (path === '' || path === previous || path === TRAILER || /^\/|(^|\/)\.{0,2}(\/|$)|\0/.test(path)) {
      throw new GuestFormatError(`cpio: bad or repeated path ${JSON.stringify(path)}`);
    }
    if (!directories.has(path.slice(0, Math.max(0, path.lastIndexOf('/'))))) {
      throw new GuestFormatError(`cpio: no directory for ${path}`);
    }
    if (kind === 'directory') directories.add(path);
    previous = path;
  }
}

/**
 * Writes a `newc` cpio archive (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst). It is
 * reproducible: sorted by path, owned by root, with inodes numbered in order, and all times are `mtime` (seconds).
 *
 * @throws GuestFormatError for repeated or unsafe paths, or an entry whose directory is not among the entries
 */
export function writeCpio(entries: readonly CpioEntry[], mtime: number): Uint8Array {
  const sorted = [...entries].sort(byPath);
  checkTree(sorted);
  const pieces = sorted.flatMap((entry, index) => member(entry, index + 1, mtime));
  pieces.push(...trailer());
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // Padded to cpio's block size, as by `cpio -o`.
  const archive = new Uint8Array(Math.ceil(length / 512) * 512);
  let at = 0;
  for (const piece of pieces) {
    archive.set(piece, at);
    at += piece.length;
  }
  return archive;
}

function slice(archive: Uint8Array, at: number, length: number): Uint8Array {
  if (length > archive.length - at) throw new GuestFormatError('cpio: truncated');
  return archive.subarray(at, at + length);
}

function readFields(bytes: Uint8Array): number[] {
  const text = decoder.decode(bytes);
  if (!text.startsWith(MAGIC) || !/^[0-9A-Fa-f]+$/.test(text)) throw new GuestFormatError('cpio: bad header');
  return Array.from({ length: 13 }, (_, i) => Number.parseInt(text.slice(6 + i * 8, 14 + i * 8), 16));
}

function toEntry(path: string, fields: readonly number[], data: Uint8Array): CpioEntry {
  const mode = fields[1] ?? 0;
  const common = { path, permissions: mode & 0o7777 };
  switch (mode & 0o170000) {
    case TYPE_BITS.file:
      return { ...common, kind: 'file', data };
    case TYPE_BITS.directory:
      return { ...common, kind: 'directory' };
    case TYPE_BITS.symlink:
      return { ...common, kind: 'symlink', target: decoder.decode(data) };
    case TYPE_BITS.character:
      return { ...common, kind: 'character', major: fields[9] ?? 0, minor: fields[10] ?? 0 };
    default:
      throw new GuestFormatError(`cpio: ${path} has a type that is not handled`);
  }
}

/**
 * Reads the entries of a `newc` archive, in its order.
 *
 * @throws GuestFormatError when the archive is malformed or truncated
 */
export function readCpio(archive: Uint8Array): CpioEntry[] {
  const entries: CpioEntry[] = [];
  for (let at = 0; ;) {
    const fields = readFields(slice(archive, at, HEADER));
    const nameSize = fields[11] ?? 0;
    const dataSize = fields[6] ?? 0;
    const name = slice(archive, at + HEADER, nameSize);
    if (name[nameSize - 1] !== 0) throw new GuestFormatError('cpio: a name does not end');
    const path = decoder.decode(name.subarray(0, -1));
    if (path === TRAILER) return entries;
    const dataAt = at + align4(HEADER + nameSize);
    entries.push(toEntry(path, fields, slice(archive, dataAt, dataSize)));
    at = dataAt + align4(dataSize);
  }
}
