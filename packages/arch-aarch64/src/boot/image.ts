import {
  ElfMachine,
  ImageError,
  PHYSICAL_ADDRESS_LIMIT,
  gunzip,
  isElf,
  isGzip,
  readElf64,
  sizeText,
} from '@qvm/core/architecture';
import type { BootFile } from '@qvm/core/architecture';
import { refuseForeign } from './foreign-image.js';
import { Header, MAGIC, Zboot, ZBOOT_MAGIC } from './linux-headers.js';
import { requireCode } from './raw-code.js';

/**
 * Bytes and their guest-physical address. Memory after the bytes is cleared, up to `size` in all.
 *
 * @experimental
 */
export interface ImageSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

/**
 * An image that gives its own addresses, or one that goes `offset` bytes after a multiple of `alignment`.
 *
 * @experimental
 */
export type LoadableImage =
  | {
      readonly format: 'elf';
      /** Guest-physical address of the first instruction. */
      readonly entry: number;
      /** Disjoint, in ascending order. */
      readonly segments: readonly ImageSegment[];
    }
  | {
      /** The first instruction is the first byte. */
      readonly format: 'linux' | 'raw';
      readonly bytes: Uint8Array;
      /** Bytes in memory. */
      readonly size: number;
      readonly alignment: number;
      readonly offset: number;
    };

const BIG_ENDIAN = 1n;
const KERNEL_ALIGNMENT = 0x20_0000;
/** An image without a size in its header predates Linux 3.17 and has this offset. */
const OLD_TEXT_OFFSET = 0x8_0000;
/** Raw code begins on a page. */
const RAW_ALIGNMENT = 0x1000;
/** QEMU loads raw code at this offset, above the device tree of its board. */
const RAW_OFFSET = 0x8_0000;
/** PE/COFF: offsets in "PE\0\0" with the file header after it, and in a section header. */
const Pe = {
  magic: 0x4550,
  fileHeader: 24,
  sections: 6,
  optionalSize: 20,
  section: 40,
  rawSize: 16,
  rawOffset: 20,
} as const;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Recognises an image: arm64 `Image`, gzip of one, EFI zboot around one, ELF64, or raw code that passes `requireCode`.
 *
 * @param limit - largest size in bytes of an unpacked compressed image: the VM's RAM.
 * @throws `ImageError` for truncated and foreign images.
 * @experimental
 */
export async function readImage(file: BootFile, limit: number): Promise<LoadableImage> {
  const bytes = await unpack(file, limit);
  if (bytes.length === 0) throw new ImageError('truncated', `${file.name} is empty.`);
  if (isElf(bytes)) return readElf(bytes, file.name);
  refuseForeign(bytes, file.name);
  const view = viewOf(bytes);
  if (bytes.length >= Header.bytes && view.getUint32(Header.magic, true) === MAGIC)
    return readLinux(bytes, view, file.name);
  requireCode(bytes, file.name);
  return { format: 'raw', bytes, size: bytes.length, alignment: RAW_ALIGNMENT, offset: RAW_OFFSET };
}

async function unpack({ name, bytes }: BootFile, limit: number): Promise<Uint8Array> {
  const packed = isZboot(bytes) ? zbootPayload(bytes, name) : bytes;
  return isGzip(packed) ? gunzip(packed, limit, name) : packed;
}

function isZboot(bytes: Uint8Array): boolean {
  return (
    bytes.length >= Zboot.bytes &&
    bytes[0] === 0x4d &&
    bytes[1] === 0x5a &&
    viewOf(bytes).getUint32(Zboot.mark, true) === ZBOOT_MAGIC
  );
}

function zbootPayload(bytes: Uint8Array, name: string): Uint8Array {
  const view = viewOf(bytes);
  const [offset, size] = [view.getUint32(Zboot.offset, true), view.getUint32(Zboot.size, true)];
  if (offset + size > bytes.length) throw tooShort(name, bytes.length, offset + size);
  const payload = bytes.subarray(offset, offset + size);
  if (!isGzip(payload)) {
    const compression = new TextDecoder()
      .decode(bytes.slice(Zboot.compression, Zboot.bytes))
      .replace(/[^\w.+-].*$/s, '');
    throw new ImageError(
      'unknown-format',
      `${name} is an EFI zboot image compressed with "${compression}"; only gzip is understood.`,
    );
  }
  return payload;
}

function readLinux(bytes: Uint8Array, view: DataView, name: string): LoadableImage {
  const size = view.getBigUint64(Header.imageSize, true);
  // Images without a size have their offset field in the kernel's byte order; its value is always this one.
  const offset = size === 0n ? BigInt(OLD_TEXT_OFFSET) : view.getBigUint64(Header.textOffset, true);
  if (view.getBigUint64(Header.flags, true) & BIG_ENDIAN) {
    throw new ImageError('wrong-endianness', `${name} is a big-endian kernel; only little-endian ones run.`);
  }
  if (size + offset >= BigInt(PHYSICAL_ADDRESS_LIMIT)) {
    throw new ImageError(
      'bad-header',
      `${name} has an arm64 header with impossible sizes: image size 0x${size.toString(16)}, text offset 0x${offset.toString(16)}.`,
    );
  }
  // image_size includes bss; the file ends before it. A section beyond the file's end means that the file is truncated.
  const needed = fileSize(view);
  if (bytes.length < needed) throw tooShort(name, bytes.length, needed);
  return {
    format: 'linux',
    bytes,
    size: Math.max(bytes.length, Number(size)),
    alignment: KERNEL_ALIGNMENT,
    offset: Number(offset),
  };
}

function tooShort(name: string, have: number, need: number): ImageError {
  return new ImageError(
    'truncated',
    `${name} has ${sizeText(have)} but its header needs ${sizeText(need)}: copy it again.`,
  );
}

/** Size in bytes that the file must have: the end of the last section of the embedded PE header, or 0 without one. */
function fileSize(view: DataView): number {
  const pe = view.getUint32(Header.pe, true);
  if (pe + Pe.fileHeader > view.byteLength || view.getUint32(pe, true) !== Pe.magic) return Header.bytes;
  const table = pe + Pe.fileHeader + view.getUint16(pe + Pe.optionalSize, true);
  const end = table + view.getUint16(pe + Pe.sections, true) * Pe.section;
  if (end > view.byteLength) return end;
  let needed = end;
  for (let at = table; at < end; at += Pe.section) {
    needed = Math.max(needed, view.getUint32(at + Pe.rawSize, true) + view.getUint32(at + Pe.rawOffset, true));
  }
  return needed;
}

function readElf(bytes: Uint8Array, name: string): LoadableImage {
  const { entry, segments } = readElf64(bytes, ElfMachine.AArch64, name);
  // A kernel's entry is a virtual address in one of the segments. Some linker scripts make it physical.
  const virtual = segments.find((s) => entry >= s.virtual && entry < s.virtual + BigInt(s.memorySize));
  const physical = segments.some((s) => entry >= BigInt(s.physical) && entry < BigInt(s.physical + s.memorySize));
  if (!virtual && !physical)
    throw new ImageError('bad-header', `${name} begins at 0x${entry.toString(16)}, which is in none of its segments.`);
  return {
    format: 'elf',
    entry: virtual ? virtual.physical + Number(entry - virtual.virtual) : Number(entry),
    segments: segments.map(({ physical: address, contents, memorySize: size }) => ({
      address,
      bytes: contents.piece(0, contents.length),
      size,
    })),
  };
}
