import { createHash, randomUUID } from 'node:crypto';
import { fstatSync, openSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { contentsOf, partOf, type Contents, type DigestStore } from '@qvm/core/architecture';
import { FileContents } from './file-contents.js';

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

/** Bytes that are checked at a time. */
const PIECE = 0x10_0000;

/** SHA-256 of contents. */
function digestOf(contents: Contents): Buffer {
  const hash = createHash('sha256');
  for (let at = 0; at < contents.length; at += PIECE)
    hash.update(contents.piece(at, Math.min(at + PIECE, contents.length)));
  return hash.digest();
}

/** The contents of a file without the digest after them; undefined if there is none, or another digest. */
async function read(path: string, kind: Kind): Promise<Contents | undefined> {
  const descriptor = openSync(path, 'r');
  const file = new FileContents(descriptor, fstatSync(descriptor).size);
  const length = file.length - CHECK_BYTES;
  if (length < 0 || length > kind.bytes) return undefined;
  const digest = Buffer.from(file.piece(length, file.length));
  const contents = partOf(file, 0, length);
  if (!digestOf(contents).equals(digest)) return undefined;
  const now = new Date();
  await utimes(path, now, now).catch(nothing);
  return contents;
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
      await handle.writeFile(digestOf(contentsOf(bytes)));
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
