import { crc32 } from './crc32.js';
import { DamagedData } from './damaged.js';
import { LzmaDecoder } from './lzma-decoder.js';
import { revertX86Filter } from './x86-filter.js';

// The .xz file format, version 1.2.0.
const STREAM_HEADER_BYTES = 12;
/** Sizes in bytes of the checks, by their type. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const;
const CRC32_CHECK = 1;
const Filter = { x86: 4, lzma2: 0x21 } as const;
const COMPRESSED_SIZE = 0x40;
const UNCOMPRESSED_SIZE = 0x80;
const RESERVED_FLAGS = 0x3c;
/** Blocks of a stream that are decoded at most. */
const BLOCK_LIMIT = 1 << 16;

interface BlockHeader {
  /** Size of the header in bytes. */
  readonly size: number;
  /** Start address of the x86 filter, when there is one. */
  readonly x86: number | undefined;
}

/** Whether bytes begin with the magic number of .xz. */
export function isXz(bytes: Uint8Array): boolean {
  return [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00].every((byte, index) => bytes[index] === byte);
}

/**
 * Decompresses the first stream of an .xz file, with the filters that Linux uses for x86: LZMA2, and the branch filter
 * before it. CRC-32 checks are verified; others are not.
 *
 * @param out - takes the result, which must fill it.
 * @throws {@link DamagedData}.
 */
export function decodeXz(bytes: Uint8Array, out: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const check = readStreamHeader(bytes, view);
  const decoder = new LzmaDecoder(out);
  let at = STREAM_HEADER_BYTES;
  for (let block = 0; bytes[at] !== 0; block++) {
    if (block >= BLOCK_LIMIT) throw new DamagedData('it has too many blocks');
    const header = readBlockHeader(bytes, view, at);
    const start = decoder.position;
    at = decodeLzma2(decoder, bytes, at + header.size);
    const result = out.subarray(start, decoder.position);
    if (header.x86 !== undefined) revertX86Filter(result, header.x86);
    at = Math.ceil(at / 4) * 4;
    const size = CHECK_BYTES[check] as number;
    if (at + size > bytes.length) throw new DamagedData('it is truncated');
    if (check === CRC32_CHECK && view.getUint32(at, true) !== crc32(result))
      throw new DamagedData('its checksum is wrong');
    at += size;
  }
  if (decoder.position !== out.length) throw new DamagedData('it is smaller than it says');
}

function readStreamHeader(bytes: Uint8Array, view: DataView): number {
  if (bytes.length < STREAM_HEADER_BYTES) throw new DamagedData('it is truncated');
  if (view.getUint32(8, true) !== crc32(bytes.subarray(6, 8))) throw new DamagedData('its header has a wrong checksum');
  const flags = view.getUint16(6);
  if (flags > 0xf) throw new DamagedData('it has an unknown form of xz');
  return flags;
}

function readBlockHeader(bytes: Uint8Array, view: DataView, begin: number): BlockHeader {
  const size = ((bytes[begin] ?? 0) + 1) * 4;
  const checksum = begin + size - 4;
  if (begin + size > bytes.length) throw new DamagedData('it is truncated');
  if (view.getUint32(checksum, true) !== crc32(bytes.subarray(begin, checksum)))
    throw new DamagedData('a block header has a wrong checksum');
  const flags = bytes[begin + 1] as number;
  if (flags & RESERVED_FLAGS) throw new DamagedData('it has an unknown form of xz');
  const reader = new NumberReader(bytes, begin + 2, checksum);
  if (flags & COMPRESSED_SIZE) reader.next();
  if (flags & UNCOMPRESSED_SIZE) reader.next();
  const filters = Array.from({ length: (flags & 3) + 1 }, () => {
    const id = reader.next();
    return { id, properties: reader.take(reader.next()) };
  });
  const last = filters.pop();
  const [x86, other] = filters;
  if (last?.id !== Filter.lzma2 || other || (x86 && x86.id !== Filter.x86))
    throw new DamagedData('it uses filters of xz that Linux does not use for x86');
  return { size, x86: x86 && startOf(x86.properties) };
}

const startOf = (properties: Uint8Array): number =>
  properties.reduce((start, byte, index) => start + byte * 2 ** (8 * index), 0);

/** Reads numbers of variable length. */
class NumberReader {
  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    private readonly end: number,
  ) {}

  next(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 53; factor *= 128) {
      if (this.at >= this.end) break;
      const byte = this.bytes[this.at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new DamagedData('a block header is malformed');
  }

  take(count: number): Uint8Array {
    if (count > this.end - this.at) throw new DamagedData('a block header is malformed');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
}

const Chunk = {
  end: 0,
  copyAfterReset: 1,
  copy: 2,
  lzma: 0x80,
  resetState: 0xa0,
  newProperties: 0xc0,
  resetAll: 0xe0,
} as const;

/** Decodes a sequence of LZMA2 chunks. @returns the offset after them. */
function decodeLzma2(decoder: LzmaDecoder, bytes: Uint8Array, begin: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let ready = false;
  for (let at = begin; ;) {
    if (at >= bytes.length) throw new DamagedData('it is truncated');
    const control = bytes[at] as number;
    if (control === Chunk.end) return at + 1;
    if (at + 6 > bytes.length) throw new DamagedData('it is truncated');
    if (control === Chunk.copyAfterReset || control >= Chunk.resetAll) decoder.resetDictionary();
    const size = view.getUint16(at + 1) + 1;
    if (control < Chunk.lzma) {
      if (control > Chunk.copy) throw new DamagedData('it has an unknown kind of chunk');
      at += 3;
      if (at + size > bytes.length) throw new DamagedData('it is truncated');
      decoder.copy(bytes.subarray(at, at + size));
      at += size;
      continue;
    }
    const packed = view.getUint16(at + 3) + 1;
    at += 5;
    if (control >= Chunk.newProperties) decoder.setProperties(bytes[at++] as number);
    else if (control >= Chunk.resetState) decoder.resetState();
    ready ||= control >= Chunk.newProperties;
    if (!ready) throw new DamagedData('it begins without LZMA properties');
    if (at + packed > bytes.length) throw new DamagedData('it is truncated');
    decoder.decode(bytes.subarray(at, at + packed), (control & 0x1f) * 0x1_0000 + size);
    at += packed;
  }
}
