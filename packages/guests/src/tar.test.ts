import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memorySource } from './byte-source.js';
import { randomNumbers } from './elf-builder.test.helper.js';
import { GuestFormatError } from './errors.js';
import { readTarIndex } from './tar.js';

const deep = `${'d'.repeat(60)}/${'e'.repeat(60)}`;
const longName = `${deep}/${'f'.repeat(80)}`;

function makeTar(format: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'qvm-tar-'));
  try {
    mkdirSync(join(folder, deep), { recursive: true });
    writeFileSync(join(folder, longName), 'long');
    writeFileSync(join(folder, 'file'), 'x'.repeat(700), { mode: 0o640 });
    writeFileSync(join(folder, 'ünïcode'), 'u');
    symlinkSync('file', join(folder, 'link'));
    linkSync(join(folder, 'file'), join(folder, 'hard'));
    const args = ['-c', `--format=${format}`, '--sort=name', '--owner=0', '--group=0', '-f', '-', '.'];
    return new Uint8Array(spawnSync('tar', args, { cwd: folder, maxBuffer: 1 << 24 }).stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function header(name: string, options: { size?: string; flag?: string; badSum?: boolean } = {}): Uint8Array {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(options.size ?? '00000000000\0', 124, 'latin1');
  block.write(options.flag ?? '0', 156);
  block.write('ustar  \0', 257);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, options.badSum ? 1 : 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const tar = (...blocks: Uint8Array[]) => memorySource(Buffer.concat([...blocks, Buffer.alloc(1024)]));
const padded = (data: string): Uint8Array =>
  Buffer.concat([Buffer.from(data), Buffer.alloc((512 - (data.length % 512)) % 512)]);
const octal = (size: number): string => `${size.toString(8).padStart(11, '0')}\0`;

describe('readTarIndex', () => {
  it.each(['gnu', 'ustar', 'posix'])('reads what tar --format=%s writes', async (format) => {
    const bytes = makeTar(format);
    const entries = new Map((await readTarIndex(memorySource(bytes))).map((entry) => [entry.path, entry]));
    const data = (path: string): string => {
      const entry = entries.get(path);
      return Buffer.from(bytes.subarray(entry?.offset, (entry?.offset ?? 0) + (entry?.size ?? 0))).toString();
    };
    expect(data(longName)).toBe('long');
    expect(data('file')).toBe('x'.repeat(700));
    expect(data('ünïcode')).toBe('u');
    expect(entries.get('file')).toMatchObject({ type: 'file', mode: 0o640, size: 700 });
    expect(entries.get('link')).toMatchObject({ type: 'symlink', linkTarget: 'file' });
    expect(entries.get('hard')).toMatchObject({ type: 'hardlink', linkTarget: './file' });
    expect(entries.get(deep)).toMatchObject({ type: 'directory' });
  });

  it('reads base-256 sizes', async () => {
    const size = '\x80\0\0\0\0\0\0\0\0\0\0\x03';
    const [entry] = await readTarIndex(tar(header('a', { size }), padded('abc')));
    expect(entry).toMatchObject({ path: 'a', size: 3, offset: 512 });
  });

  it.each([
    ['a wrong checksum', [header('a', { badSum: true })]],
    ['a size past the end', [header('a', { size: '77777777777\0' })]],
    ['a size that is no number', [header('a', { size: '9x\0' })]],
    ['a base-256 size over 2^53', [header('a', { size: `\x80${'\x7f'.repeat(11)}` })]],
    ['a path that climbs out', [header('a/../../b')]],
    ['a long name past all measure', [header('L', { flag: 'L', size: octal(1 << 20) }), Buffer.alloc(1 << 20)]],
    ['a pax record longer than its header', [header('x', { flag: 'x', size: octal(11) }), padded('99 path=abc')]],
    ['a pax record of no length', [header('x', { flag: 'x', size: octal(11) }), padded('0 path=abcd')]],
    ['a pax size that is no number', [header('x', { flag: 'x', size: octal(11) }), padded('11 size=-1\n')]],
  ])('refuses %s', async (_, blocks) => {
    await expect(readTarIndex(tar(...blocks))).rejects.toThrow(GuestFormatError);
  });

  it('refuses an archive without an end', async () => {
    await expect(readTarIndex(memorySource(header('a')))).rejects.toThrow('no end');
    await expect(readTarIndex(memorySource(new Uint8Array(0)))).rejects.toThrow('no end');
  });

  it('throws nothing but GuestFormatError on damaged archives', async () => {
    const seed = Date.now() & 0xffffff;
    const random = randomNumbers(seed);
    const good = makeTar('posix');
    for (let round = 0; round < 1000; round++) {
      const bad = good.slice(0, random() % 3 === 0 ? random() % good.length : good.length);
      for (let i = 0; i < 2 && bad.length > 0; i++) bad[random() % bad.length] = random() & 0xff;
      await readTarIndex(memorySource(bad)).catch((error: unknown) => {
        if (!(error instanceof GuestFormatError)) throw new Error(`seed ${seed} round ${round}`, { cause: error });
      });
    }
  });
});
