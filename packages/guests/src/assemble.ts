import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AptPackage } from './apt.js';
import { KERNEL_FILE, type GuestDescription } from './catalogue.js';
import type { CommandOptions } from './command.js';
import { decompressWithDpkg, PackageFiles, unpackDebToTar } from './deb.js';
import { moduleName } from './elf-modinfo.js';
import { buildInitramfs } from './initramfs.js';
import { bootableKernel } from './kernel-image.js';
import { formatManifest, type ManifestFile } from './manifest.js';
import { ModuleSet, type ModuleProvider } from './modules.js';
import { fractionReporter, type OnFetchProgress } from './progress.js';
import { guestModules, loadGuestScripts, recipeDigest } from './recipe.js';
import { sha256 } from './hash.js';

/** A package and the .deb it is in. */
export interface FetchedPackage {
  readonly info: AptPackage;
  readonly debPath: string;
}

/** Context for assembling besides the packages. */
export interface AssembleContext extends Pick<CommandOptions, 'env' | 'signal'> {
  /** An empty folder on the cache's file system; the guest is assembled in `guest` in it. */
  readonly scratch: string;
  readonly onProgress: OnFetchProgress;
}

const MODULE_PATH = /^(?:usr\/)?lib\/modules\/[^/]+\/kernel\/(?:.+\/)?([^/]+)\.ko(?:\.(xz|zst|gz))?$/;
const MAX_MODULE_BYTES = 64 * 1024 * 1024;
const POLL_MS = 500;

async function withPackage<T>(
  fetched: FetchedPackage,
  context: AssembleContext,
  use: (files: PackageFiles) => Promise<T>,
): Promise<T> {
  const { name, installedBytes } = fetched.info;
  const tar = join(context.scratch, `${name}.tar`);
  const message = `unpacking ${name}`;
  context.onProgress({ step: 'unpack', message });
  const onFraction = fractionReporter(context.onProgress, 'unpack', message);
  const report = async (): Promise<void> => {
    const size = (await stat(tar).catch(() => undefined))?.size ?? 0;
    onFraction(size / installedBytes);
  };
  const timer = installedBytes > 0 ? setInterval(() => void report(), POLL_MS) : undefined;
  try {
    await unpackDebToTar(fetched.debPath, tar, context);
  } finally {
    clearInterval(timer);
  }
  const files = await PackageFiles.open(tar);
  try {
    return await use(files);
  } finally {
    await files.close();
    await rm(tar, { force: true });
  }
}

async function decompressModule(data: Uint8Array, extension: string, context: AssembleContext): Promise<Uint8Array> {
  if (extension === 'gz') return gunzipSync(data, { maxOutputLength: MAX_MODULE_BYTES });
  if (extension === 'xz' || extension === 'zst') return decompressWithDpkg(data, extension, context.scratch, context);
  return data;
}

async function moduleProvider(files: PackageFiles, context: AssembleContext): Promise<ModuleProvider> {
  const found = new Map<string, { path: string; extension: string }>();
  for (const path of files.paths()) {
    const [, stem, extension = ''] = MODULE_PATH.exec(path) ?? [];
    if (stem !== undefined) found.set(moduleName(stem), { path, extension });
  }
  const builtinList = new TextDecoder().decode(
    await files.readMatching(/^(?:usr\/)?lib\/modules\/[^/]+\/modules\.builtin$/),
  );
  const builtIn = new Set(builtinList.split('\n').map((line) => moduleName(line.replace(/^.*\/|\.ko$/g, ''))));
  return {
    isBuiltIn: (name) => builtIn.has(name),
    load: async (name) => {
      const entry = found.get(name);
      return entry && decompressModule(await files.read(entry.path), entry.extension, context);
    },
  };
}

type NamedBytes = readonly [name: string, bytes: Uint8Array];

async function linuxFiles(
  { architecture }: GuestDescription,
  packages: readonly FetchedPackage[],
  context: AssembleContext,
): Promise<NamedBytes[]> {
  const [kernel, busyboxPackage] = packages;
  if (kernel === undefined || busyboxPackage === undefined)
    throw new RangeError('a Linux guest is made of two packages');
  const busybox = await withPackage(busyboxPackage, context, (files) => files.readMatching(/^(usr\/)?bin\/busybox$/));
  const scripts = await loadGuestScripts();
  return withPackage(kernel, context, async (files) => {
    const modules = new ModuleSet(await moduleProvider(files, context));
    const made: NamedBytes[] = [
      [KERNEL_FILE[architecture], bootableKernel(architecture, await files.readMatching(/^boot\/vmlinuz-[^/]+$/))],
      ['config', await files.readMatching(/^boot\/config-[^/]+$/)],
    ];
    const { boot, carried: small, full } = guestModules(architecture);
    const variants = [
      ['initramfs.cpio.gz', small],
      ['initramfs-full.cpio.gz', [...small, ...full]],
    ] as const;
    for (const [name, carried] of variants) {
      context.onProgress({ step: 'assemble', message: `assembling ${name}` });
      const { bytes, absent } = await buildInitramfs({ busybox, scripts, modules, boot, carried });
      const note = `${name} goes without what this kernel does not have: ${absent.join(' ')}`;
      if (absent.length > 0) context.onProgress({ step: 'assemble', message: note });
      made.push([name, bytes]);
    }
    return made;
  });
}

/** Paths of images in their packages, by the names of their files. */
const IMAGE_PATHS: Readonly<Record<string, RegExp>> = {
  'u-boot.bin': /^usr\/lib\/u-boot\/qemu_arm64\/u-boot\.bin$/,
  'bios-256k.bin': /^usr\/share\/seabios\/bios-256k\.bin$/,
  'memtest-x64.bin': /^boot\/memtest86\+x64\.bin$/,
  'memtest-ia32.bin': /^boot\/memtest86\+ia32\.bin$/,
};

/** Of a guest of one package: files as they are in it. */
async function imageFiles(
  { files: names }: GuestDescription,
  packages: readonly FetchedPackage[],
  context: AssembleContext,
): Promise<NamedBytes[]> {
  const [only] = packages;
  if (only === undefined) throw new RangeError('such a guest is made of one package');
  return withPackage(only, context, async (files) => {
    const made: NamedBytes[] = [];
    for (const name of names) {
      const path = IMAGE_PATHS[name];
      if (path === undefined) throw new RangeError(`the path of ${name} in its package is unknown`);
      made.push([name, await files.readMatching(path)]);
    }
    return made;
  });
}

/** Writes and flushes: after a power cut, a renamed folder must not contain empty files. */
async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o644);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Assembles a guest's folder from its packages.
 *
 * @returns the folder, `guest` in the scratch folder, ready to be renamed
 * @throws GuestFetchError, or GuestFormatError when a package is malformed
 */
export async function assembleGuest(
  description: GuestDescription,
  packages: readonly FetchedPackage[],
  context: AssembleContext,
): Promise<string> {
  const made = await (description.kind === 'linux' ? linuxFiles : imageFiles)(description, packages, context);
  const versions = packages.map(({ info }) => `${info.name} ${info.version}\n`).join('');
  made.push(['package', new TextEncoder().encode(versions)]);
  const directory = join(context.scratch, 'guest');
  await mkdir(directory);
  const files: ManifestFile[] = [];
  for (const [name, bytes] of made) {
    await writeDurably(join(directory, name), bytes);
    files.push({ name, size: bytes.length, sha256: sha256(bytes) });
  }
  const sources = packages.map(({ info: { name, version, architecture, sha256: digest } }) => {
    return { name, version, architecture, sha256: digest };
  });
  const manifest = {
    guest: description.name,
    recipe: await recipeDigest(description.architecture),
    packages: sources,
    files,
  };
  await writeDurably(join(directory, 'MANIFEST'), new TextEncoder().encode(formatManifest(manifest)));
  return directory;
}
