import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dependencyNames, parseControl } from './deb822.js';
import { decompressWithDpkg, PackageFiles, unpackDebToTar, writeAr } from './deb.js';
import { makeDeb, makeTar, type TarMember } from './deb-builder.test.helper.js';

const env = process.env;
const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
const withDpkg = hasDpkg ? describe : describe.skip;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qvm-deb-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writeAr', () => {
  it('writes 60-byte headers and pads to even offsets', () => {
    const text = Buffer.from(
      writeAr([
        ['odd', Buffer.from('abc')],
        ['b', Buffer.from('de')],
      ]),
    ).toString();
    const head = (name: string, size: number): string =>
      `${name.padEnd(16)}0           0     0     100644  ${String(size).padEnd(10)}\`\n`;
    expect(text).toBe(`!<arch>\n${head('odd', 3)}abc\n${head('b', 2)}de`);
  });
});

describe('PackageFiles', () => {
  async function files(...members: readonly TarMember[]): Promise<PackageFiles> {
    const path = join(folder, 'data.tar');
    writeFileSync(path, makeTar(...members));
    return PackageFiles.open(path);
  }

  it('finds files by pattern and follows links inside the package', async () => {
    const found = await files(
      ['./usr/lib/real.bin', 'data'],
      ['./usr/lib/link.bin', { symlink: 'real.bin' }],
      ['./usr/share/up', { symlink: '../lib/link.bin' }],
      ['./abs', { symlink: '/usr/lib/real.bin' }],
    );
    for (const path of ['usr/lib/real.bin', 'usr/lib/link.bin', 'usr/share/up', 'abs']) {
      expect(Buffer.from(await found.read(path)).toString()).toBe('data');
    }
    expect(Buffer.from(await found.readMatching(/real\.bin$/)).toString()).toBe('data');
    await expect(found.readMatching(/\.bin$/)).rejects.toMatchObject({ code: 'bad-package' });
    await expect(found.readMatching(/none/)).rejects.toMatchObject({ code: 'bad-package' });
    await found.close();
  });

  it('gives up on links in a circle, or out of the package', async () => {
    const found = await files(['a', { symlink: 'b' }], ['b', { symlink: 'a' }], ['c', { symlink: '../../etc/passwd' }]);
    for (const path of ['a', 'c']) await expect(found.read(path)).rejects.toMatchObject({ code: 'bad-package' });
    await found.close();
  });
});

withDpkg('dpkg-deb', () => {
  it('unpacks a package to a tar file', async () => {
    const deb = join(folder, 'a.deb');
    const tar = join(folder, 'a.tar');
    writeFileSync(deb, makeDeb(['./bin/tool', 'contents']));
    await unpackDebToTar(deb, tar, { env });
    const files = await PackageFiles.open(tar);
    expect(files.paths()).toEqual(['bin/tool']);
    expect(Buffer.from(await files.read('bin/tool')).toString()).toBe('contents');
    await files.close();
  });

  it('refuses what is no package, with what dpkg-deb says of it', async () => {
    const deb = join(folder, 'a.deb');
    writeFileSync(deb, 'not a package');
    const failed = unpackDebToTar(deb, join(folder, 'a.tar'), { env });
    await expect(failed).rejects.toMatchObject({ code: 'bad-package', detail: expect.stringContaining('dpkg-deb') });
  });

  it('decompresses xz without the xz program', async () => {
    // `printf 'hello, module\n' | xz | base64`
    const xz = Buffer.from(
      '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQANaGVsbG8sIG1vZHVsZQoAAACGWRbmmP932AABJg4IG+AEH7bzfQEAAAAABFla',
      'base64',
    );
    const plain = await decompressWithDpkg(xz, 'xz', folder, { env });
    expect(Buffer.from(plain).toString()).toBe('hello, module\n');
    const damaged = decompressWithDpkg(xz.subarray(0, 40), 'xz', folder, { env });
    await expect(damaged).rejects.toMatchObject({ code: 'bad-package' });
  });
});

describe('control files', () => {
  it('are parsed up to the first empty line', () => {
    const fields = parseControl('\nPackage: a\nDescription: one\n two\n .\nSHA256: ff\n\nPackage: b\n');
    expect([...fields]).toEqual([
      ['package', 'a'],
      ['description', 'one\ntwo\n.'],
      ['sha256', 'ff'],
    ]);
    expect(parseControl('no colon\n: none\n continued\n').size).toBe(0);
  });

  it('name dependencies without versions and alternatives', () => {
    expect(dependencyNames('linux-image-6.1.0-56-arm64 (= 6.1.192-2), a | b,c:any, ')).toEqual([
      'linux-image-6.1.0-56-arm64',
      'a',
      'c',
    ]);
  });
});
