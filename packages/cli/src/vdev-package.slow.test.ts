import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * The steps of a new user: installs qvm from its packages, makes packages for devices, tests them, and uses them by
 * name. Nothing of this repository is reachable from there. Tools of the new packages come from npm's cache or the
 * registry.
 */

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));
const TIMEOUT_MS = 300_000;
const REGISTRATION = fileURLToPath(new URL('../../../examples/register-vdev.mjs', import.meta.url));
const TESTING_KIT = '@qvm/testing';
/** Packages that are installed by name; the others are their dependencies. */
const WANTED = ['@qvm/cli', TESTING_KIT, '@qvm/sdk-tsyringe', '@qvm/vdev-virtio'];
/** The container that the bridge supports. */
const TSYRINGE = { 'reflect-metadata': '^0.2.2', tsyringe: '^4.10.0' };
const KINDS = { '@acme/exit-counter': 'hook', '@acme/vdev-thermometer': 'mmio', '@acme/vdev-checksum': 'virtio' };

interface PackageDescription {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const space = mkdtempSync(join(tmpdir(), 'qvm-stranger-'));
afterAll(() => rmSync(space, { recursive: true, force: true }));

/**
 * The environment without the variables by which npm and npx tell child processes about the package in which they were
 * started, which is this repository. repository.
 */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle)_|npm_config_(local_prefix|workspace))/.test(name),
  ),
);

const OPTIONS = { cwd: space, env: environment, input: '', timeout: TIMEOUT_MS, encoding: 'utf8' } as const;
const QVM = join(space, 'node_modules/@qvm/cli/bin/qvm.mjs');

function npm(...args: readonly string[]): string {
  return npmIn('.', ...args);
}

function npmIn(folder: string, ...args: readonly string[]): string {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  return execFileSync('npm', [...args, ...quiet], { ...OPTIONS, cwd: join(space, folder), stdio: 'pipe' });
}

function qvm(...args: readonly string[]): string {
  return execFileSync(process.execPath, [QVM, ...args], { ...OPTIONS, stdio: 'pipe' });
}

function describePackage(name: string): PackageDescription {
  return JSON.parse(
    readFileSync(join(PACKAGES, name.replace('@qvm/', ''), 'package.json'), 'utf8'),
  ) as PackageDescription;
}

/** The packages of qvm that the named ones need, including those. */
function closure(names: readonly string[], found = new Set<string>()): ReadonlySet<string> {
  for (const name of names) {
    if (!name.startsWith('@qvm/') || found.has(name)) continue;
    found.add(name);
    closure(Object.keys(describePackage(name).dependencies ?? {}), found);
  }
  return found;
}

/** Packs packages as for the registry; returns their tarballs by name. */
function pack(names: ReadonlySet<string>): Readonly<Record<string, string>> {
  const folders = [...names].map((name) => join(PACKAGES, name.replace('@qvm/', '')));
  mkdirSync(join(space, 'tarballs'));
  const packed = JSON.parse(npm('pack', ...folders, '--json', '--pack-destination', 'tarballs')) as PackedFile[];
  return Object.fromEntries(packed.map(({ name, filename }) => [name, `file:tarballs/${filename}`]));
}

interface PackedFile {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

function write(name: string, content: unknown): void {
  writeFileSync(join(space, name), typeof content === 'string' ? content : JSON.stringify(content));
}

it('makes packages that pass their tests, and that configurations find by their names', () => {
  const dependencies = { ...pack(closure(WANTED)), ...TSYRINGE };
  write('package.json', { name: 'stranger', private: true, type: 'module', dependencies });
  npm('install');

  for (const [name, kind] of Object.entries(KINDS)) {
    const folder = `packages/${kind}`;
    expect(qvm('vdev', 'new', name, '--kind', kind, '--dir', folder)).toContain(`${name} is in ${folder}`);
  }
  write('package.json', { name: 'stranger', private: true, type: 'module', dependencies, workspaces: ['packages/*'] });
  npm('install');
  npm('test', '--workspaces');

  // A package without a scope and without dependencies in the folder, from the tarballs alone.
  expect(qvm('vdev', 'new', 'gauge', '--dir', 'alone/gauge', '--local', 'tarballs')).toContain(
    'gauge is in alone/gauge',
  );
  npmIn('alone/gauge', 'install');
  npmIn('alone/gauge', 'test');

  for (const { name, files } of JSON.parse(npm('pack', '--workspaces', '--dry-run', '--json')) as PackedFile[]) {
    const paths = files.map(({ path }) => path);
    expect([name, ...paths]).toEqual(expect.arrayContaining(['README.md', 'dist/index.d.ts', 'dist/index.js']));
    expect(paths.filter((path) => path.includes('.test.') || path.startsWith('src/'))).toEqual([]);
  }

  write('scripts.js', `export { scriptPlugin as plugin } from '${TESTING_KIT}';\n`);
  const script = ['script', 'show 0x0c000008', 'show 0x0a000008', 'poweroff', ''];
  write('guest.img', script.join('\n'));
  const vdev = [{ type: '@acme/vdev-thermometer', config: 'temperature=18000' }, { type: '@acme/vdev-checksum' }];
  write('vm.qvmconf', { name: 'vm', image: 'guest.img', ram: [{ size: '1M' }], vdev });
  expect(qvm('check', 'vm.qvmconf', '--plugin', './scripts.js')).toBe('vm.qvmconf: ok\n');
  const plugins = ['--plugin', './scripts.js', '--plugin', '@acme/exit-counter'];
  const started = spawnSync(process.execPath, [QVM, 'start', 'vm.qvmconf', '--alone', ...plugins], OPTIONS);
  expect(started).toMatchObject({ status: 0, stdout: '0x4650\n0x3f\n' });
  expect(started.stderr.split('\n').slice(0, -1)).toEqual([
    'vm: 12 mmio pl011-0',
    'vm: 1 mmio @acme/vdev-thermometer-0',
    'vm: 1 mmio @acme/vdev-checksum-0',
  ]);

  copyFileSync(REGISTRATION, join(space, 'register-vdev.mjs'));
  const registered = execFileSync(process.execPath, ['register-vdev.mjs'], { ...OPTIONS, stdio: 'pipe' });
  expect(registered).toBe('asPlugin: 0\nasBridge: 0\nasName: 0\n');
});
