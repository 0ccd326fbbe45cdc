import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCpio, writeCpio, type CpioEntry } from './cpio.js';
import { randomNumbers } from './elf-builder.test.helper.js';
import { GuestFormatError } from './errors.js';

const TIME = 1_700_000_000;
const tree: CpioEntry[] = [
  { path: 'init', permissions: 0o755, kind: 'file', data: Buffer.from('#!/bin/sh\n') },
  { path: 'dev', permissions: 0o755, kind: 'directory' },
  { path: 'dev/console', permissions: 0o600, kind: 'character', major: 5, minor: 1 },
  { path: 'bin', permissions: 0o755, kind: 'directory' },
  { path: 'bin/sh', permissions: 0o777, kind: 'symlink', target: 'busybox' },
  { path: 'bin/busybox', permissions: 0o755, kind: 'file', data: Buffer.alloc(1001, 7) },
  { path: 'empty', permissions: 0o644, kind: 'file', data: Buffer.alloc(0) },
];
const sortedPaths = tree.map(({ path }) => path).sort();
const hasCpio = spawnSync('cpio', ['--version']).status === 0;

describe('writeCpio', () => {
  it('is read back the same, sorted by path', () => {
    const entries = readCpio(writeCpio(tree, TIME));
    expect(entries.map(({ path }) => path)).toEqual(sortedPaths);
    for (const entry of tree) {
      const back = entries.find(({ path }) => path === entry.path);
      const plain = back?.kind === 'file' ? { ...back, data: Buffer.from(back.data) } : back;
      expect(plain).toEqual(entry);
    }
  });

  it('gives the same bytes for the same entries in any order', () => {
    expect(writeCpio([...tree].reverse(), TIME)).toEqual(writeCpio(tree, TIME));
  });

  it('numbers inodes in order and names neither user nor time of the machine', () => {
    const text = Buffer.from(writeCpio(tree, TIME)).toString('latin1');
    const header = text.slice(0, 110);
    expect(header).toBe(
      '070701' +
        ['1', '41ED', '0', '0', '2', '6553F100', '0', '0', '0', '0', '0', '4', '0']
          .map((f) => f.padStart(8, '0'))
          .join(''),
    );
    expect(text.length % 512).toBe(0);
  });

  (hasCpio ? it : it.skip)('is what cpio itself understands', () => {
    const archive = writeCpio(tree, TIME);
    const list = spawnSync('cpio', ['-t', '--quiet'], { input: archive, encoding: 'utf8' });
    expect(list.stdout.trim().split('\n')).toEqual(sortedPaths);
    const verbose = spawnSync('cpio', ['-tvn', '--quiet'], { input: archive, encoding: 'utf8' }).stdout;
    expect(verbose).toMatch(/^crw-------\s+1 0\s+0\s+5,\s+1 .* dev\/console$/m);
    const folder = mkdtempSync(join(tmpdir(), 'qvm-cpio-'));
    try {
      const patterns = ['bin', 'bin/*', 'init', 'empty'];
      const made = spawnSync('cpio', ['-idm', '--quiet', ...patterns], { input: archive, cwd: folder });
      expect(made.stderr.toString()).toBe('');
      expect(readFileSync(join(folder, 'bin/busybox'))).toEqual(Buffer.alloc(1001, 7));
      expect(readlinkSync(join(folder, 'bin/sh'))).toBe('busybox');
      expect(statSync(join(folder, 'init')).mtimeMs).toBe(TIME * 1000);
      expect(statSync(join(folder, 'init')).mode & 0o7777).toBe(0o755);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['/abs', '../up', 'a/../b', './a', 'a//b', 'a/', '', 'TRAILER!!!', 'no/parent'])(
    'refuses the path %j',
    (path) => {
      expect(() => writeCpio([{ path, permissions: 0o644, kind: 'directory' }], TIME)).toThrow(GuestFormatError);
    },
  );

  it('refuses a path that comes twice', () => {
    const twice: CpioEntry = { path: 'a', permissions: 0o644, kind: 'directory' };
    expect(() => writeCpio([twice, twice], TIME)).toThrow('repeated');
  });

  it('takes names with dots in them', () => {
    expect(readCpio(writeCpio([{ path: '.a..b.', permissions: 0o700, kind: 'directory' }], TIME))).toHaveLength(1);
  });
});

describe('readCpio', () => {
  it('throws nothing but GuestFormatError on damaged archives, and ends', () => {
    const seed = Date.now() & 0xffffff;
    const random = randomNumbers(seed);
    const good = writeCpio(tree, TIME);
    for (let round = 0; round < 3000; round++) {
      const bad = good.slice(0, random() % 3 === 0 ? random() % good.length : good.length);
      for (let i = 0; i < 3 && bad.length > 0; i++)
        bad[random() % bad.length] = '0123456789ABCDEF\0x'.charCodeAt(random() % 18);
      try {
        readCpio(bad);
      } catch (error) {
        if (!(error instanceof GuestFormatError)) throw new Error(`seed ${seed} round ${round}`, { cause: error });
      }
    }
  });
});
