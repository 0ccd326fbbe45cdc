import { ElfMachine, ImageError, gunzip, isElf, isGzip, readElf64 } from '@qvm/core';
import type { BootFile } from '@qvm/core';

/**
 * Bytes and where they go; memory behind them is cleared up to `size`.
 *
 * @experimental
 */
export interface ImageSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

/**
 * An image that is ready to be placed.
 *
 * @experimental
 */
export interface LoadableImage {
  readonly format: 'linux' | 'elf' | 'raw';
  /** Guest-physical address of the first instruction. */
  readonly entry: number;
  readonly segments: readonly ImageSegment[];
  /** First address behind what the image occupies, bss included. */
  readonly end: number;
}

/** Header of the arm64 kernel image (Linux, Documentation/arm64/booting.rst). */
const Header = { textOffset: 0x08, imageSize: 0x10, flags: 0x18, magic: 0x38, bytes: 0x40 } as const;
/** "ARM\x64". */
const MAGIC = 0x644d_5241;
const BIG_ENDIAN = 1n;
const KERNEL_ALIGNMENT = 0x20_0000;
/** An image without a size in its header is from before Linux 3.17 and sits at this offset. */
const OLD_TEXT_OFFSET = 0x8_0000;
/** Images unpack to at most this much. */
const UNPACKED_LIMIT = 1 << 30;

/**
 * Recognises an image (arm64 `Image`, gzip of one, ELF64, or raw code) and says where it goes.
 *
 * @param ramBase - first address of RAM; raw code and kernels are placed from here.
 * @throws `ImageError` for truncated and foreign images.
 * @experimental
 */
export async function readImage(file: BootFile, ramBase: number): Promise<LoadableImage> {
  const bytes = isGzip(file.bytes) ? await gunzip(file.bytes, UNPACKED_LIMIT, file.name) : file.bytes;
  if (bytes.length === 0) throw new ImageError('truncated', `${file.name} is empty.`);
  if (isElf(bytes)) return readElf(bytes, file.name);
  refuseForeign(bytes, file.name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= Header.bytes && view.getUint32(Header.magic, true) === MAGIC) return readLinux(bytes, view, file.name, ramBase);
  return { format: 'raw', entry: ramBase, segments: [{ address: ramBase, bytes, size: bytes.length }], end: ramBase + bytes.length };
}

function readLinux(bytes: Uint8Array, view: DataView, name: string, ramBase: number): LoadableImage {
  const size = view.getBigUint64(Header.imageSize, true);
  const offset = size === 0n ? OLD_TEXT_OFFSET : Number(view.getBigUint64(Header.textOffset, true));
  if (view.getBigUint64(Header.flags, true) & BIG_ENDIAN) throw new ImageError('wrong-endianness', `${name} is a big-endian kernel; only little-endian ones run.`);
  if (size > BigInt(UNPACKED_LIMIT) || offset >= KERNEL_ALIGNMENT) throw new ImageError('bad-header', `${name} has an arm64 header with impossible sizes.`);
  // image_size covers bss; the file holds what comes before it. Sections behind the file's end mean that bytes are missing.
  const loaded = loadedBytes(view);
  if (bytes.length < loaded) throw new ImageError('truncated', `${name} has ${bytes.length} bytes but its header needs ${loaded}.`);
  const address = Math.ceil(ramBase / KERNEL_ALIGNMENT) * KERNEL_ALIGNMENT + offset;
  return { format: 'linux', entry: address, segments: [{ address, bytes, size: bytes.length }], end: address + Math.max(bytes.length, Number(size)) };
}

/** Bytes that the file must have: the end of the last section in the embedded PE header, where there is one. */
function loadedBytes(view: DataView): number {
  const pe = view.getUint32(0x3c, true);
  if (pe + 0x18 > view.byteLength || view.getUint32(pe, true) !== 0x4550) return Header.bytes;
  const sections = view.getUint16(pe + 6, true);
  const table = pe + 0x18 + view.getUint16(pe + 0x14, true);
  let end: number = Header.bytes;
  for (let i = 0; i < sections; i++) {
    const at = table + i * 40;
    if (at + 40 > view.byteLength) return view.byteLength + 1;
    end = Math.max(end, view.getUint32(at + 16, true) + view.getUint32(at + 20, true));
  }
  return end;
}

function readElf(bytes: Uint8Array, name: string): LoadableImage {
  const { entry, segments } = readElf64(bytes, ElfMachine.AArch64, name);
  // A kernel's entry is virtual; it lies in one of the segments.
  const home = segments.find((s) => entry >= s.virtual && entry < s.virtual + BigInt(s.memorySize));
  if (!home) throw new ImageError('bad-header', `${name} begins at 0x${entry.toString(16)}, which is in none of its segments.`);
  return {
    format: 'elf',
    entry: home.physical + Number(entry - home.virtual),
    segments: segments.map((s) => ({ address: s.physical, bytes: s.bytes, size: s.memorySize })),
    end: Math.max(...segments.map((s) => s.physical + s.memorySize)),
  };
}

/** Images of other architectures that are easily mistaken: an x86 bzImage, a PE file for another machine. */
function refuseForeign(bytes: Uint8Array, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 0x206 && view.getUint32(0x202, true) === 0x5372_6448) {
    throw new ImageError('wrong-machine', `${name} is an x86 Linux kernel (bzImage), not an arm64 image.`);
  }
}
