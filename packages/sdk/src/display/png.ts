import { QvmError } from '@qvm/core';
import { type DisplayImage } from '@qvm/core/services';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BIT_DEPTH = 8;
const TRUECOLOUR = 2;
/** Each byte of a row minus that of the pixel to its left (PNG §9.2), so that flat areas become zeros. */
const FILTER_SUB = 1;
const BYTES_PER_PIXEL = 3;
/** Limit of width and height: larger pictures are errors. */
const MAX_SIDE = 16_384;

/**
 * Encodes a picture as a PNG file (PNG specification, third edition, 2025): 8 bits for each of red, green and blue, no
 * alpha.
 *
 * @throws QvmError `display.image` when the size is invalid or does not match the number of bytes.
 * @experimental
 */
export async function encodePng(image: DisplayImage): Promise<Uint8Array> {
  checkImage(image);
  const compressed = await deflate(filteredRows(image));
  return concatenate([
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header(image)),
    chunk('IDAT', compressed),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function checkImage({ width, height, rgba }: DisplayImage): void {
  const valid = [width, height].every((side) => Number.isInteger(side) && side > 0 && side <= MAX_SIDE);
  if (valid && rgba.length === width * height * 4) return;
  throw new QvmError('display.image', `${width} × ${height} pixels in ${rgba.length} bytes are no picture`);
}

function header({ width, height }: DisplayImage): Uint8Array {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes[8] = BIT_DEPTH;
  bytes[9] = TRUECOLOUR;
  return bytes;
}

/** The rows without alpha, each preceded by its filter type. */
function filteredRows({ width, height, rgba }: DisplayImage): Uint8Array {
  const rows = new Uint8Array(height * (1 + width * BYTES_PER_PIXEL));
  let to = 0;
  for (let y = 0; y < height; y++) {
    rows[to++] = FILTER_SUB;
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      for (let channel = 0; channel < BYTES_PER_PIXEL; channel++) {
        const left = x === 0 ? 0 : (rgba[from - 4 + channel] ?? 0);
        rows[to++] = (rgba[from + channel] ?? 0) - left;
      }
    }
  }
  return rows;
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  // The stream format `deflate` is zlib's (RFC 1950), which PNG uses.
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A chunk: length, type, data and checksum (PNG §5.3). */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** The remainders of all bytes for the polynomial of ISO 3309, reflected (PNG annex D). */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ ((remainder & 1) === 0 ? 0 : 0xedb8_8320);
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
