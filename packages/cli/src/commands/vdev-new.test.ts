import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace } from '../run-qvm.test.helper.js';
import { VDEV_KINDS } from './vdev-kinds.js';
import { readVdevPackageName } from './vdev-name.js';
import { vdevPackageFiles } from './vdev-template.js';

const space = new Workspace();
afterAll(() => space.dispose());

describe('the name of a new package', () => {
  it.each([
    ['@acme/vdev-thermometer', 'thermometer', 'Thermometer', 'thermometer'],
    ['@acme/qvm-vdev-dew-point2', 'dew-point2', 'DewPoint2', 'dewPoint2'],
    ['@a-b/class', 'class', 'Class', 'class'],
    ['@a/vdev', 'vdev', 'Vdev', 'vdev'],
  ])('%s gives names to its code', (text, name, Class, camel) => {
    expect(readVdevPackageName(text)).toMatchObject({ package: text, name, Class, camel });
  });

  it.each([
    'thermometer',
    '@acme',
    '@acme/',
    '@Acme/x',
    '@acme/9x',
    '@acme/x_y',
    '@acme/x--y',
    '@acme/x-',
    '@acme/../x',
    '@acme/x/y',
    '@acme/x\n',
    '@acme/{{name}}',
    `@acme/${'x'.repeat(64)}`,
    '',
  ])('%j is refused', (text) => {
    expect(() => readVdevPackageName(text)).toThrow(/cannot be the name of a vdev's package/);
  });
});

describe('the files of a new package', () => {
  it.each(VDEV_KINDS)('of kind %s have all their blanks filled in, and tests', (kind) => {
    const files = vdevPackageFiles(kind, readVdevPackageName('@acme/vdev-dew-point'), '1.2.3');
    expect(files.filter(([, text]) => /\{\{|\}\}/.test(text))).toEqual([]);
    expect(files.filter(([path]) => /^src\/.*\.test\.ts$/.test(path))).not.toEqual([]);
    const paths = files.map(([path]) => path);
    expect(paths).toEqual(expect.arrayContaining(['.gitignore', 'README.md', 'package.json', 'src/index.ts']));
    const { name, dependencies } = JSON.parse(new Map(files).get('package.json') ?? '') as Record<string, object>;
    expect(name).toBe('@acme/vdev-dew-point');
    expect(dependencies).toMatchObject({ '@qvm/core': '^1.2.3' });
  });
});

describe('qvm vdev new', () => {
  it('makes a folder, and never writes over anything', async () => {
    const made = await space.qvm(['vdev', 'new', '@acme/vdev-gauge']);
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    expect(made.stdout).toMatch(/^@acme\/vdev-gauge is in vdev-gauge:\n/);
    const index = join(space.folder, 'vdev-gauge/src/index.ts');
    expect(readFileSync(index, 'utf8')).toContain('export const gaugeFactory');
    const before = readdirSync(space.folder, { recursive: true });
    const again = await space.qvm(['vdev', 'new', '@acme/vdev-gauge', '--kind', 'hook']);
    expect(again).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'qvm: error: vdev-gauge is not empty; nothing was written\n',
    });
    space.write('file', '');
    expect(await space.qvm(['vdev', 'new', '@acme/x', '--dir', 'file'])).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await space.qvm(['vdev', 'new', 'gauge'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await space.qvm(['vdev', 'new', '@acme/x', '--kind', 'pci'])).toMatchObject({ exitCode: 2 });
    expect(readdirSync(space.folder, { recursive: true }).sort()).toEqual([...before, 'file'].sort());
  });
});

describe('qvm vdev help', () => {
  it('says where a vdev is, unless that depends on its options', async () => {
    const { stdout } = await space.qvm(['vdev', 'help', 'virtio-net']);
    expect(stdout).toMatch(
      /registers +512 bytes at 0x0a000000\n +virtio +interrupt 48\n +the first free one of 32 places/,
    );
    expect((await space.qvm(['vdev', 'help', 'passthrough'])).stdout).not.toContain('Where it is');
  });
});
