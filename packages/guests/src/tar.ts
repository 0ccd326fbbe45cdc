import type { ByteSource } from './byte-source.js';
import { GuestFormatError } from './errors.js';

/** One member of a tar archive; `offset` and `size` give the position of its data in the archive. */
export interface TarEntry {
  /** Relative path without `./`, with `/` between components, never with `..`. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  readonly mode: number;
  readonly size: number;
  readonly offset: number;
  /** Target of a symbolic or hard link, as written. */
  readonly linkTarget: string;
}

const BLOCK = 512;
const MAX_ENTRIES = 200_000;
/** Largest accepted path or set of extended attributes. */
const MAX_META_BYTES = 64 * 1024;

const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder('utf-8');

function field(block: Uint8Array, at: number, length: number): Uint8Array {
  const bytes = block.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** Octal digits, or GNU's base-256 form (first byte 0x80) for larger numbers. */
function numberField(block: Uint8Array, at: number, length: number): number {
  const first = block[at] ?? 0;
  if (first & 0x80) {
    let value = first & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + (block[at + i] ?? 0);
    if (!Number.isSafeInteger(value)) throw new GuestFormatError('tar: number too large');
    return value;
  }
  const text = latin1.decode(field(block, at, length)).trim();
  if (text === '') return 0;
  if (!/^[0-7]+$/.test(text)) throw new GuestFormatError('tar: bad number in a header');
  return Number.parseInt(text, 8);
}

/** The checksum counts its own eight bytes as blanks (POSIX.1-1988 ustar). */
function checkHeaderSum(block: Uint8Array): void {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : (block[i] ?? 0);
  if (sum !== numberField(block, 148, 8)) throw new GuestFormatError('tar: header checksum is wrong');
}

function cleanPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.includes('\0'))
    throw new GuestFormatError(`tar: unsafe path ${JSON.stringify(path)}`);
  return parts.join('/');
}

function entryType(flag: string): TarEntry['type'] {
  switch (flag) {
    case '0':
    case '\0':
    case '7':
      return 'file';
    case '1':
      return 'hardlink';
    case '2':
      return 'symlink';
    case '5':
      return 'directory';
    default:
      return 'other';
  }
}

/** Records "LENGTH KEY=VALUE\n" of a pax extended header (POSIX.1-2001 pax). */
function paxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(0x20, at);
    const length = blank < 0 ? NaN : Number(latin1.decode(bytes.subarray(at, blank)));
    if (!Number.isInteger(length) || at + length > bytes.length || at + length <= blank) {
      throw new GuestFormatError('tar: bad pax record');
    }
    const record = utf8.decode(bytes.subarray(blank + 1, at + length - 1));
    const equals = record.indexOf('=');
    if (equals < 0) throw new GuestFormatError('tar: bad pax record');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

/** Values in GNU `L`/`K` members and pax headers that replace those of the next member. */
interface Overrides {
  path?: string;
  linkTarget?: string;
  size?: number;
}

function applyPax(overrides: Overrides, records: Map<string, string>): void {
  const path = records.get('path');
  const link = records.get('linkpath');
  const size = records.get('size');
  if (path !== undefined) overrides.path = path;
  if (link !== undefined) overrides.linkTarget = link;
  if (size === undefined) return;
  if (!/^\d{1,15}$/.test(size)) throw new GuestFormatError('tar: bad size in a pax header');
  overrides.size = Number(size);
}

async function readMeta(source: ByteSource, offset: number, size: number): Promise<Uint8Array> {
  if (size > MAX_META_BYTES) throw new GuestFormatError(`tar: extended header of ${size} bytes`);
  return source.read(offset, size);
}

function headerPath(block: Uint8Array): string {
  const name = utf8.decode(field(block, 0, 100));
  // Only POSIX ustar ("ustar\0") has a prefix there; GNU ("ustar ") has times in those bytes.
  const posix = latin1.decode(block.subarray(257, 263)) === 'ustar\0';
  const prefix = posix ? utf8.decode(field(block, 345, 155)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/**
 * Lists a tar archive (ustar, GNU and pax forms) without reading its members' data. The archive is not trusted: every
 * header's checksum and every size are checked, and paths that leave the archive are refused.
 *
 * @throws GuestFormatError when the archive is malformed or truncated
 */
export async function readTarIndex(source: ByteSource): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  let overrides: Overrides = {};
  for (let at = 0; at + BLOCK <= source.size;) {
    const block = await source.read(at, BLOCK);
    if (block.every((byte) => byte === 0)) return entries;
    checkHeaderSum(block);
    const flag = String.fromCharCode(block[156] ?? 0);
    const isMeta = 'LKxg'.includes(flag);
    const size = isMeta ? numberField(block, 124, 12) : (overrides.size ?? numberField(block, 124, 12));
    const offset = at + BLOCK;
    if (size > source.size - offset) throw new GuestFormatError('tar: member goes past the end');
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (isMeta) {
      const meta = await readMeta(source, offset, size);
      if (flag === 'L') overrides.path = utf8.decode(field(meta, 0, meta.length));
      if (flag === 'K') overrides.linkTarget = utf8.decode(field(meta, 0, meta.length));
      if (flag === 'x') applyPax(overrides, paxRecords(meta));
      continue;
    }
    if (entries.length >= MAX_ENTRIES) throw new GuestFormatError(`tar: more than ${MAX_ENTRIES} members`);
    entries.push({
      path: cleanPath(overrides.path ?? headerPath(block)),
      type: entryType(flag),
      mode: numberField(block, 100, 8) & 0o7777,
      size,
      offset,
      linkTarget: overrides.linkTarget ?? utf8.decode(field(block, 157, 100)),
    });
    overrides = {};
  }
  throw new GuestFormatError('tar: no end of archive');
}
