import { DamagedData } from './damaged.js';
import { LzmaDecoder } from './lzma-decoder.js';

const HEADER_BYTES = 13;
const PROPERTIES = 0x5d;
/** Bytes that an end marker may take after the last byte of the result. */
const MARKER_BYTES = 16;

/** Whether bytes begin like a file of `lzma`: the usual properties, and a dictionary of a power of two. */
export function isLzma(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_BYTES && bytes[0] === PROPERTIES && bytes[1] === 0 && bytes[2] === 0;
}

/**
 * Decompresses a file in the old format of `lzma`: properties, size of the dictionary, size, data.
 *
 * @param out - takes the result, which must fill it.
 * @throws {@link DamagedData}.
 */
export function decodeLzmaAlone(bytes: Uint8Array, out: Uint8Array): void {
  const decoder = new LzmaDecoder(out);
  decoder.setProperties(bytes[0] as number);
  const data = bytes.subarray(HEADER_BYTES);
  const read = decoder.decode(data, out.length, true);
  if (data.length - read > MARKER_BYTES) throw new DamagedData('it is larger than it says');
  if (decoder.position !== out.length) throw new DamagedData('it is smaller than it says');
}
