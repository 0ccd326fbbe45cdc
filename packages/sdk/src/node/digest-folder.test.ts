import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { translationFolder, unpackedFolder } from './digest-folder.js';

const digest = (n: number): string => n.toString(16).padStart(64, '0');
const image = (n: number): Uint8Array => Uint8Array.from({ length: 1000 + n }, (_, at) => (at * n) & 0xff);

describe('unpackedFolder', () => {
  const guests = mkdtempSync(join(tmpdir(), 'qvm-unpacked-'));
  const file = (n: number): string => join(guests, 'unpacked', digest(n));
  afterEach(() => rmSync(join(guests, 'unpacked'), { recursive: true, force: true }));
  afterAll(() => rmSync(guests, { recursive: true }));

  it('finds what was kept, in files that only their owner reads', async () => {
    const images = unpackedFolder(guests);
    expect(await images.find(digest(1))).toBeUndefined();
    await images.keep(digest(1), image(1));
    const found = await images.find(digest(1));
    expect([...(found?.piece(0, found.length) ?? [])]).toEqual([...image(1)]);
    expect([...(found?.piece(1, 3) ?? [])]).toEqual([...image(1).subarray(1, 3)]);
    expect(() => found?.piece(0, found.length + 1)).toThrow(RangeError);
    expect([statSync(file(1)).mode & 0o777, statSync(join(guests, 'unpacked')).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(await images.find(digest(2))).toBeUndefined();
  });

  it('does not find a file that is damaged or cut', async () => {
    const images = unpackedFolder(guests);
    await images.keep(digest(1), image(1));
    const bytes = readFileSync(file(1));
    for (const wrong of [bytes.subarray(0, -1), bytes.subarray(1), bytes.subarray(0, 5), Buffer.alloc(0)]) {
      writeFileSync(file(1), wrong);
      expect(await images.find(digest(1))).toBeUndefined();
    }
    bytes[17]! ^= 1;
    writeFileSync(file(1), bytes);
    expect(await images.find(digest(1))).toBeUndefined();
  });

  it('keeps four images: those that were used last', async () => {
    const images = unpackedFolder(guests);
    for (let n = 1; n <= 4; n++) {
      await images.keep(digest(n), image(n));
      utimesSync(file(n), 1000 + n, 1000 + n);
    }
    await images.find(digest(1));
    await images.keep(digest(5), image(5));
    expect(readdirSync(join(guests, 'unpacked')).sort()).toEqual([1, 3, 4, 5].map(digest));
  });

  it('has a folder of its own for translations, unless the environment says off', async () => {
    const before = process.env['QVM_TRANSLATIONS'];
    try {
      delete process.env['QVM_TRANSLATIONS'];
      await translationFolder(guests)?.keep(digest(3), image(3));
      expect(Buffer.compare(readFileSync(join(guests, 'translations', digest(3))).subarray(0, 1003), image(3))).toBe(0);
      expect(await unpackedFolder(guests).find(digest(3))).toBeUndefined();
      process.env['QVM_TRANSLATIONS'] = 'off';
      expect(translationFolder(guests)).toBeUndefined();
    } finally {
      if (before === undefined) delete process.env['QVM_TRANSLATIONS'];
      else process.env['QVM_TRANSLATIONS'] = before;
    }
  });

  it('keeps nothing where it cannot write, and takes only digests as names', async () => {
    writeFileSync(join(guests, 'a-file'), '');
    const images = unpackedFolder(join(guests, 'a-file'));
    await images.keep(digest(1), image(1));
    expect(await images.find(digest(1))).toBeUndefined();
    expect(() => images.find('../a-file')).toThrow(RangeError);
  });
});
