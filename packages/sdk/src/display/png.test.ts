import * as fc from 'fast-check';
import { PNG } from 'pngjs';
import { encodePng } from './png.js';

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
        const { width, height, data } = PNG.sync.read(Buffer.from(await encodePng(picture)));
        expect({ width, height, rgba: new Uint8Array(data) }).toEqual(picture);
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
