import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace } from '../run-qvm.test.helper.js';
import { VDEV_KINDS } from './vdev-kinds.js';
import { published } from './qvm-source.js';
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
    ['vdev-thermometer', 'thermometer', 'Thermometer', 'thermometer'],
  ])('%s gives names to its code', (text, name, Class, camel) => {
    expect(readVdevPackageName(text)).toMatchObject({ package: text, name, Class, camel });
  });

  it.each([
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
    const files = vdevPackageFiles(kind, readVdevPackageName('@acme/vdev-dew-point'), published('1.2.3'));
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
    expect(await space.qvm(['vdev', 'new', 'Gauge'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await space.qvm(['vdev', 'new', '@acme/x', '--kind', 'pci'])).toMatchObject({ exitCode: 2 });
    expect(readdirSync(space.folder, { recursive: true }).sort()).toEqual([...before, 'file'].sort());
  });
});

describe('qvm vdev new with tarballs', () => {
  const dependencies = (folder: string): Readonly<Record<string, Readonly<Record<string, string>>>> =>
    JSON.parse(readFileSync(join(space.folder, folder, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >;

  it('names all of them, so that none is looked for in the registry', async () => {
    mkdirSync(join(space.folder, 'tarballs'));
    for (const name of ['core', 'testing', 'vdev-virtio', 'jit', 'arch-x86_64'])
      space.write(`tarballs/qvm-${name}-0.1.0.tgz`, '');
    space.write('tarballs/other-1.0.0.tgz', '');
    const made = await space.qvm([
      'vdev',
      'new',
      'sensor',
      '--kind',
      'virtio',
      '--dir',
      'deep/sensor',
      '--local',
      'tarballs',
    ]);
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    const { dependencies: own, devDependencies } = dependencies('deep/sensor');
    expect(own).toEqual({
      '@qvm/core': 'file:../../tarballs/qvm-core-0.1.0.tgz',
      '@qvm/vdev-virtio': 'file:../../tarballs/qvm-vdev-virtio-0.1.0.tgz',
    });
    expect(devDependencies).toMatchObject({
      '@qvm/testing': 'file:../../tarballs/qvm-testing-0.1.0.tgz',
      '@qvm/jit': 'file:../../tarballs/qvm-jit-0.1.0.tgz',
      '@qvm/arch-x86_64': 'file:../../tarballs/qvm-arch-x86_64-0.1.0.tgz',
    });
    expect(readFileSync(join(space.folder, 'deep/sensor/README.md'), 'utf8')).toContain(' --plugin sensor\n');
  });

  it('says what is missing', async () => {
    const run = (folder: string) => space.qvm(['vdev', 'new', '@acme/x', '--local', folder]);
    expect(await run('nowhere')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('cannot be read') as string,
    });
    mkdirSync(join(space.folder, 'some'));
    expect(await run('some')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no tarballs of qvm') as string,
    });
    space.write('some/qvm-core-0.1.0.tgz', '');
    expect(await run('some')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('of @qvm/testing') as string,
    });
  });
});

describe('qvm vdev help', () => {
  it('knows packages, files and plugins', async () => {
    const description = { name: '@acme/vdev-light', type: 'module', exports: './index.js' };
    const text = `import { option } from '${import.meta.resolve('@qvm/core/options')}';
      const factory = { type: '@acme/vdev-light', description: 'A lamp',
      options: { colour: option.string({ description: 'Of the lamp' }) }, resources: () => ({}), create: () => ({}) };
      export const plugin = { name: 'light', apiVersion: 1, provides: [{ token: { key: Symbol.for('qvm:@qvm/core/VdevFactory'),
        description: '' }, scope: 'host', multi: true, factory: () => factory }] };`;
    mkdirSync(join(space.folder, 'node_modules/@acme/vdev-light'), { recursive: true });
    space.write('node_modules/@acme/vdev-light/package.json', JSON.stringify(description));
    const file = './node_modules/@acme/vdev-light/index.js';
    space.write(file, text);
    for (const args of [['@acme/vdev-light'], [file], ['@acme/vdev-light', '--plugin', file]]) {
      const { stdout, exitCode } = await space.qvm(['vdev', 'help', ...args]);
      expect([exitCode, stdout]).toEqual([
        0,
        expect.stringMatching(/^@acme\/vdev-light: A lamp\n(.*\n)+ +colour= +string/),
      ]);
    }
    expect((await space.qvm(['vdev', 'list', '--plugin', file])).stdout).toContain('@acme/vdev-light');
    expect(await space.qvm(['vdev', 'help', '@acme/none'])).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('says where a vdev is, unless that depends on its options', async () => {
    const { stdout } = await space.qvm(['vdev', 'help', 'virtio-net']);
    expect(stdout).toMatch(
      /registers +512 bytes at 0x0a000000\n +virtio +interrupt 48\n +the first free one of 32 places/,
    );
    expect((await space.qvm(['vdev', 'help', 'passthrough'])).stdout).not.toContain('Where it is');
  });
});
