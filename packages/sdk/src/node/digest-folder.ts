import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { DigestStore } from '@qvm/core/architecture';

/** A kind of kept files. */
interface Kind {
  /** Name of its folder in the folder of guests. */
  readonly folder: string;
  /** Most files that are kept. */
  readonly files: number;
  /** Largest file that is kept, in bytes. */
  readonly bytes: number;
}

/** A Debian kernel has 66 MB. */
const UNPACKED: Kind = { folder: 'unpacked', files: 4, bytes: 0x1000_0000 };
/** A boot of Debian's kernel leaves about 3 MB. */
const TRANSLATIONS: Kind = { folder: 'translations', files: 24, bytes: 0x400_0000 };
const DIGEST = /^[0-9a-f]{64}$/;
const CHECK_BYTES = 32;

/**
 * Keeps unpacked images in the folder `unpacked` of the folder of guests, at most four; the one that was not used for
 * the longest time is deleted first. Each file is the image with its SHA-256 after it, so that a damaged one is found.
 *
 * @param guests - folder of guests; it need not exist
 * @experimental
 */
export function unpackedFolder(guests: string): DigestStore {
  return digestFolder(guests, UNPACKED);
}

/**
 * Keeps translations of guest code in the folder `translations` of the folder of guests, as {@link unpackedFolder} keeps images: at
 * most 24 files.
 *
 * @param guests - folder of guests; it need not exist
 * @returns undefined if the environment variable `QVM_TRANSLATIONS` is `off`: nothing is read or kept.
 * @experimental
 */
export function translationFolder(guests: string): DigestStore | undefined {
  return process.env['QVM_TRANSLATIONS'] === 'off' ? undefined : digestFolder(guests, TRANSLATIONS);
}

function digestFolder(guests: string, kind: Kind): DigestStore {
  const folder = join(guests, kind.folder);
  return {
    find: (digest) => read(fileOf(folder, digest), kind).catch(nothing),
    keep: (digest, bytes) => write(folder, fileOf(folder, digest), bytes, kind).catch(nothing),
  };
}

/** A folder that cannot be read or written keeps nothing: it is made again then. */
const nothing = (): undefined => undefined;

function fileOf(folder: string, digest: string): string {
  if (!DIGEST.test(digest)) throw new RangeError(`"${digest}" is no SHA-256`);
  return join(folder, digest);
}

const check = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

async function read(path: string, kind: Kind): Promise<Uint8Array | undefined> {
  const handle = await open(path, 'r');
  let bytes: Buffer;
  try {
    if ((await handle.stat()).size > kind.bytes + CHECK_BYTES) return undefined;
    bytes = await handle.readFile();
  } finally {
    await handle.close();
  }
  const image = bytes.subarray(0, Math.max(0, bytes.length - CHECK_BYTES));
  if (!check(image).equals(bytes.subarray(image.length))) return undefined;
  const now = new Date();
  await utimes(path, now, now).catch(nothing);
  return image;
}

async function write(folder: string, path: string, bytes: Uint8Array, kind: Kind): Promise<void> {
  if (bytes.length > kind.bytes) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Another process finds the whole file or none.
  const own = `${path}.${randomUUID()}`;
  try {
    const handle = await open(own, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.writeFile(check(bytes));
    } finally {
      await handle.close();
    }
    await rename(own, path);
  } catch (error) {
    await rm(own, { force: true });
    throw error;
  }
  await evict(folder, kind);
}

/** Deletes the files that were not used for the longest time, and files that a process has left unfinished. */
async function evict(folder: string, { files: most }: Kind): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => ({
      path: join(folder, name),
      used: (await stat(join(folder, name))).mtimeMs,
    })),
  );
  files.sort((x, y) => y.used - x.used);
  for (const { path } of files.slice(most)) await rm(path, { force: true });
}
