import { ImageError } from '@qvm/core/architecture';
import type { Contents } from '@qvm/core/architecture';

/** Multiboot Specification 0.6.96, section 3.1. */
const One = { magic: 0x1bad_b002, limit: 8192, alignment: 4, bytes: 12 } as const;
/** Flags of the first version that a loader must understand: page-aligned modules, memory map. */
const ONE_UNDERSTOOD = 0b11;
const ONE_REQUIRED = 0xffff;
const ONE_ADDRESSES = 1 << 16;
/** Multiboot2 Specification 2.0, section 3.1. */
const Two = { magic: 0xe852_50d6, limit: 32_768, alignment: 8, bytes: 16 } as const;
const TwoTag = { end: 0, addresses: 2, entry: 3 } as const;
const I386 = 0;
/** Headers are within this many bytes from the beginning. */
const HEAD = Math.max(One.limit, Two.limit);

/** A multiboot header. */
export interface MultibootHeader {
  readonly protocol: 'multiboot1' | 'multiboot2';
  /** An entry that replaces the ELF file's. */
  readonly entry?: number;
}

/**
 * Finds the multiboot header of a version in an ELF file.
 *
 * @throws `ImageError` `image.unknown-format` when it asks for something that is not supported.
 */
export function findMultiboot(
  file: Contents,
  version: MultibootHeader['protocol'],
  name: string,
): MultibootHeader | undefined {
  const head = file.piece(0, Math.min(file.length, HEAD));
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return version === 'multiboot2' ? findTwo(view, name) : findOne(view, name);
}

function findOne(view: DataView, name: string): MultibootHeader | undefined {
  const one = find(view, One);
  if (one === undefined) return undefined;
  const flags = view.getUint32(one + 4, true);
  if (flags & ONE_ADDRESSES)
    throw unsupported(name, 'gives addresses in its multiboot header beside those of the ELF file');
  if (flags & ONE_REQUIRED & ~ONE_UNDERSTOOD) throw unsupported(name, 'asks its multiboot loader for a video mode');
  return { protocol: 'multiboot1' };
}

/** The first header whose words, the checksum among them, add up to zero. */
function find(view: DataView, kind: typeof One | typeof Two): number | undefined {
  const end = Math.min(kind.limit, view.byteLength) - kind.bytes;
  for (let at = 0; at <= end; at += kind.alignment)
    if (view.getUint32(at, true) === kind.magic && sumOf(view, at, kind.bytes) === 0) return at;
  return undefined;
}

function sumOf(view: DataView, begin: number, bytes: number): number {
  let sum = 0;
  for (let at = begin; at < begin + bytes; at += 4) sum = (sum + view.getUint32(at, true)) >>> 0;
  return sum;
}

function findTwo(view: DataView, name: string): MultibootHeader | undefined {
  const begin = find(view, Two);
  if (begin === undefined) return undefined;
  if (view.getUint32(begin + 4, true) !== I386)
    throw unsupported(name, 'has a multiboot header for another architecture');
  const end = Math.min(begin + view.getUint32(begin + 8, true), view.byteLength);
  for (let at = begin + Two.bytes; at + 8 <= end;) {
    const [type, size] = [view.getUint16(at, true), view.getUint32(at + 4, true)];
    if (type === TwoTag.end) break;
    if (type === TwoTag.addresses)
      throw unsupported(name, 'gives addresses in its multiboot header beside those of the ELF file');
    if (type === TwoTag.entry && at + 12 <= end) return { protocol: 'multiboot2', entry: view.getUint32(at + 8, true) };
    at += Math.max(8, Math.ceil(size / 8) * 8);
  }
  return { protocol: 'multiboot2' };
}

const unsupported = (name: string, what: string): ImageError =>
  new ImageError('unknown-format', `${name} ${what}, which is not supported.`);
