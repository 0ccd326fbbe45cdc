import { DamagedData } from './damaged.js';

/** Magic number of the legacy frame format, which Linux uses (LZ4 Frame Format Description). */
const LEGACY_MAGIC = 0x184c_2102;
const MINIMUM_MATCH = 4;
/** A length field with all bits set goes on in further bytes. */
const LONG = 15;

/** Whether bytes begin with the magic number of LZ4's legacy frames. */
export function isLz4(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === LEGACY_MAGIC;
}

/**
 * Decompresses legacy frames of LZ4: blocks with their compressed sizes before them.
 *
 * @param out - takes the result, which must fill it.
 * @throws {@link DamagedData}.
 */
export function decodeLz4(bytes: Uint8Array, out: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  for (let at = 0; at + 4 <= bytes.length;) {
    const size = view.getUint32(at, true);
    at += 4;
    if (size === LEGACY_MAGIC) continue;
    if (size > bytes.length - at) throw new DamagedData('it is truncated');
    position = decodeBlock(bytes.subarray(at, at + size), out, position);
    at += size;
  }
  if (position !== out.length) throw new DamagedData('it is smaller than it says');
}

/** Decodes a block (LZ4 Block Format Description), whose matches do not reach back before it. @returns its end. */
function decodeBlock(bytes: Uint8Array, out: Uint8Array, begin: number): number {
  let at = 0;
  let position = begin;
  const lengthOf = (field: number): number => {
    let length = field;
    if (field !== LONG) return length;
    for (let byte = 0xff; byte === 0xff; length += byte) {
      if (at >= bytes.length) throw new DamagedData('it is truncated');
      byte = bytes[at++] as number;
    }
    return length;
  };
  while (at < bytes.length) {
    const token = bytes[at++] as number;
    const literals = lengthOf(token >> 4);
    if (literals > bytes.length - at) throw new DamagedData('it is truncated');
    if (literals > out.length - position) throw new DamagedData('it is larger than it says');
    out.set(bytes.subarray(at, at + literals), position);
    at += literals;
    position += literals;
    if (at === bytes.length) return position;
    if (at + 2 > bytes.length) throw new DamagedData('it is truncated');
    const distance = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    at += 2;
    const length = lengthOf(token & LONG) + MINIMUM_MATCH;
    if (distance === 0 || distance > position - begin) throw new DamagedData('it refers to bytes before its beginning');
    if (length > out.length - position) throw new DamagedData('it is larger than it says');
    for (const end = position + length; position < end; position++) out[position] = out[position - distance] as number;
  }
  return position;
}
