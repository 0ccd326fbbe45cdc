import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { writeCpio, type CpioEntry } from './cpio.js';
import type { ModuleSet } from './modules.js';
import { FILE_TIME } from './recipe.js';

const compress = promisify(gzip);
const encoder = new TextEncoder();

const DIRECTORIES = [
  'bin',
  'dev',
  'etc',
  'etc/acpi',
  'etc/acpi/PWRF',
  'lib',
  'lib/modules',
  'mnt',
  'proc',
  'root',
  'run',
  'sys',
  'tmp',
];

/** Contents of an initramfs. */
export interface InitramfsParts {
  readonly busybox: Uint8Array;
  /** The guest's own programs, by path. */
  readonly scripts: ReadonlyMap<string, Uint8Array>;
  readonly modules: ModuleSet;
  /** Modules that init loads, each after its dependencies. */
  readonly boot: readonly string[];
  /** Modules that are included besides those loaded at boot. */
  readonly carried: readonly string[];
}

/** A finished initramfs. */
export interface Initramfs {
  /** Compressed cpio archive. */
  readonly bytes: Uint8Array;
  /** Requested modules that this kernel does not have. */
  readonly absent: readonly string[];
}

function file(path: string, data: Uint8Array | string, permissions = 0o644): CpioEntry {
  return { path, permissions, kind: 'file', data: typeof data === 'string' ? encoder.encode(data) : data };
}

function baseEntries(parts: InitramfsParts): CpioEntry[] {
  return [
    ...DIRECTORIES.map((path): CpioEntry => ({ path, permissions: 0o755, kind: 'directory' })),
    // The kernel opens /dev/console for init before init can mount anything.
    { path: 'dev/console', permissions: 0o600, kind: 'character', major: 5, minor: 1 },
    file('bin/busybox', parts.busybox, 0o755),
    { path: 'bin/sh', permissions: 0o777, kind: 'symlink', target: 'busybox' },
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n'),
    file('etc/group', 'root:x:0:\n'),
    ...[...parts.scripts].map(([path, data]) => file(path, data, 0o755)),
  ];
}

/** `boot`: the modules that init loads, in order. `deps`: for `mod`, each module preceded by its dependencies. */
async function moduleEntries(
  modules: ModuleSet,
  boot: readonly string[],
  all: readonly string[],
): Promise<CpioEntry[]> {
  const deps: string[] = [];
  for (const name of all) deps.push(`${name}: ${(await modules.resolve([name])).order.join(' ')}\n`);
  return [
    file('lib/modules/boot', boot.map((name) => `${name}\n`).join('')),
    file('lib/modules/deps', deps.join('')),
    ...all.map((name) => file(`lib/modules/${name}.ko`, modules.data(name))),
  ];
}

/** gzip with a header without time and system, so that equal contents give equal bytes. */
async function reproducibleGzip(data: Uint8Array): Promise<Uint8Array> {
  const bytes = await compress(data, { level: 9 });
  bytes[9] = 0xff; // operating system: unknown (RFC 1952 2.3.1)
  return bytes;
}

/**
 * Assembles an initramfs: busybox, the guest's scripts and kernel modules.
 *
 * @throws GuestFormatError when a module is malformed
 */
export async function buildInitramfs(parts: InitramfsParts): Promise<Initramfs> {
  const boot = await parts.modules.resolve(parts.boot);
  const all = await parts.modules.resolve([...parts.boot, ...parts.carried]);
  const entries = [...baseEntries(parts), ...(await moduleEntries(parts.modules, boot.order, all.order))];
  return { bytes: await reproducibleGzip(writeCpio(entries, FILE_TIME)), absent: all.absent };
}
