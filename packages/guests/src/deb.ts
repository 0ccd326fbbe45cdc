import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, type CommandOptions } from './command.js';
import { FileSource } from './byte-source.js';
import { GuestFetchError } from './errors.js';
import { readTarIndex, type TarEntry } from './tar.js';

type ToolContext = Pick<CommandOptions, 'env' | 'signal'>;

/** An `ar` archive in the form Debian packages use: short names, no times, no owners (deb(5)). */
export function writeAr(members: readonly (readonly [name: string, data: Uint8Array])[]): Uint8Array {
  const pieces: Uint8Array[] = [Buffer.from('!<arch>\n')];
  for (const [name, data] of members) {
    const fields = [
      name.padEnd(16),
      '0'.padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644  ',
      String(data.length).padEnd(10),
    ];
    pieces.push(Buffer.from(`${fields.join('')}\`\n`), data);
    if (data.length % 2 === 1) pieces.push(Buffer.from('\n'));
  }
  return Buffer.concat(pieces);
}

/**
 * Unpacks the files of a .deb as one uncompressed tar file at `tarPath`. dpkg-deb supports every compression that
 * Debian uses, while Node does not support xz. One file on disk is cheaper than thousands.
 *
 * @throws GuestFetchError `bad-package`, or as {@link runCommand}
 */
export async function unpackDebToTar(debPath: string, tarPath: string, context: ToolContext): Promise<void> {
  const out = await open(tarPath, 'w', 0o600);
  try {
    const result = await runCommand('dpkg-deb', ['--fsys-tarfile', debPath], { ...context, stdoutFd: out.fd });
    if (result.exitCode !== 0) throw new GuestFetchError('bad-package', `cannot unpack ${debPath}`, result.tail);
  } finally {
    await out.close();
  }
}

/**
 * Decompresses xz (or zstd) data with dpkg-deb, which exists where `xz` may not: the data is wrapped as the payload of
 * a synthetic package. `scratch` is a folder for two temporary files.
 *
 * @throws GuestFetchError `bad-package` when the data is damaged, or as {@link runCommand}
 */
export async function decompressWithDpkg(
  data: Uint8Array,
  extension: 'xz' | 'zst',
  scratch: string,
  context: ToolContext,
): Promise<Uint8Array> {
  const deb = join(scratch, 'wrapped.deb');
  const plain = join(scratch, 'wrapped.tar');
  const members = [
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar', new Uint8Array(1024)],
    [`data.tar.${extension}`, data],
  ] as const;
  await writeFile(deb, writeAr(members));
  try {
    await unpackDebToTar(deb, plain, context);
    const source = await FileSource.open(plain);
    try {
      return await source.read(0, source.size);
    } finally {
      await source.close();
    }
  } finally {
    await rm(deb, { force: true });
    await rm(plain, { force: true });
  }
}

/** The files of an unpacked package, by path. */
export class PackageFiles {
  readonly #entries: ReadonlyMap<string, TarEntry>;

  private constructor(
    private readonly source: FileSource,
    entries: readonly TarEntry[],
  ) {
    this.#entries = new Map(entries.map((entry) => [entry.path, entry]));
  }

  /** Opens the tar file that {@link unpackDebToTar} has written. The caller must close it. */
  static async open(tarPath: string): Promise<PackageFiles> {
    const source = await FileSource.open(tarPath);
    try {
      return new PackageFiles(source, await readTarIndex(source));
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** Paths of all members, in the package's order. */
  paths(): string[] {
    return [...this.#entries.keys()];
  }

  /** Reads the only file whose path matches; `bad-package` when there is none, or more than one. */
  async readMatching(pattern: RegExp): Promise<Uint8Array> {
    const found = this.paths().filter((path) => pattern.test(path));
    const [path] = found;
    if (path === undefined || found.length > 1) {
      throw new GuestFetchError('bad-package', `the package has ${found.length} files like ${pattern.source}`);
    }
    return this.read(path);
  }

  /** Reads a file's bytes; follows links inside the package. */
  async read(path: string): Promise<Uint8Array> {
    let entry = this.#entries.get(path);
    for (let hops = 0; entry !== undefined && hops < 8; hops++) {
      if (entry.type === 'file') return this.source.read(entry.offset, entry.size);
      const target = linkTarget(entry);
      entry = target === undefined ? undefined : this.#entries.get(target);
    }
    throw new GuestFetchError('bad-package', `the package has no file ${path}`);
  }

  async close(): Promise<void> {
    await this.source.close();
  }
}

function linkTarget(entry: TarEntry): string | undefined {
  if (entry.type !== 'symlink' && entry.type !== 'hardlink') return undefined;
  // Hard links name a member of the archive; symbolic links are relative to their own folder.
  const fromRoot = entry.type === 'hardlink' || entry.linkTarget.startsWith('/');
  const parts = fromRoot ? [] : entry.path.split('/').slice(0, -1);
  for (const part of entry.linkTarget.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
