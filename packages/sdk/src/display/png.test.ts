import { inflateSync } from 'node:zlib';
import type { DisplayImage } from '@qvm/core';
import * as fc from 'fast-check';
import { encodePng } from './png.js';

/** Reads back a PNG of 8-bit RGB with the Sub filter, by the specification and Node's zlib. */
function decode(file: Uint8Array): DisplayImage {
  const bytes = Buffer.from(file);
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    chunks.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR') as Buffer;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  expect([...header.subarray(8)]).toEqual([8, 2, 0, 0, 0]);
  const rows = inflateSync(chunks.get('IDAT') as Buffer);
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0, from = 0; y < height; y++) {
    expect(rows[from++]).toBe(1);
    const row = rgba.subarray(y * width * 4, (y + 1) * width * 4);
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++)
        row[x * 4 + c] = (rows[from++] as number) + (x === 0 ? 0 : (row[x * 4 - 4 + c] as number));
    }
  }
  return { width, height, rgba };
}

describe('encodePng', () => {
  it('gives what a decoder reads back', async () => {
    const size = fc.integer({ min: 1, max: 9 });
    const image = fc.tuple(size, size).chain(([width, height]) =>
      fc.uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 }).map((rgba) => ({
        width,
        height,
        rgba: rgba.map((byte, index) => (index % 4 === 3 ? 255 : byte)),
      })),
    );
    await fc.assert(
      fc.asyncProperty(image, async (picture) => {
        expect(decode(await encodePng(picture))).toEqual(picture);
      }),
      { numRuns: 50 },
    );
  });

  it('has the checksums of the specification', async () => {
    const file = Buffer.from(await encodePng({ width: 1, height: 1, rgba: Uint8Array.of(1, 2, 3, 255) }));
    // The empty chunk at the end is the same in all files.
    expect(file.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082');
  });

  it('refuses what is no picture', async () => {
    const rgba = new Uint8Array(4);
    for (const [width, height] of [
      [0, 1],
      [1, 2],
      [1.5, 1],
      [-1, -1],
      [16_385, 1],
    ] as const) {
      await expect(encodePng({ width, height, rgba })).rejects.toMatchObject({ code: 'display.image' });
    }
  });
});
