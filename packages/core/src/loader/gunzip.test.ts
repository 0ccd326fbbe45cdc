import { gzipSync } from 'node:zlib';
import { gunzip, isGzip } from './gunzip.js';

/** Data that compresses badly, so that a cut or a damaged byte affects data. */
const CONTENT = new Uint8Array(300_000).map((_, index) => Math.imul(index, 0x9e37_79b1) >>> 24);

describe('gunzip', () => {
  it('decompresses', async () => {
    const file = new Uint8Array(gzipSync(CONTENT));
    expect(isGzip(file)).toBe(true);
    expect(await gunzip(file, CONTENT.length)).toEqual(CONTENT);
  });

  it('takes a view on shared memory', async () => {
    const file = gzipSync(CONTENT);
    const shared = new Uint8Array(new SharedArrayBuffer(file.length + 5)).subarray(5);
    shared.set(file);
    expect(await gunzip(shared, CONTENT.length)).toEqual(CONTENT);
  });

  it('stops at its limit', async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
    await expect(gunzip(bomb, 1_000_000, 'bomb.gz')).rejects.toMatchObject({
      code: 'image.too-large',
      message: 'bomb.gz is larger than 1000000 bytes when decompressed.',
    });
    await expect(gunzip(new Uint8Array(gzipSync(CONTENT)), CONTENT.length - 1)).rejects.toMatchObject({
      code: 'image.too-large',
    });
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['something else', new Uint8Array(100).fill(7)],
    ['a cut file', new Uint8Array(gzipSync(CONTENT)).subarray(0, 5_000)],
    ['a file without its checksum', new Uint8Array(gzipSync(CONTENT)).subarray(0, -8)],
    ['a damaged file', new Uint8Array(gzipSync(CONTENT)).map((byte, index) => (index === 5_000 ? byte ^ 0xff : byte))],
  ])('refuses %s', async (_name, file) => {
    await expect(gunzip(file, 1e9)).rejects.toMatchObject({ code: 'image.bad-gzip' });
  });
});
