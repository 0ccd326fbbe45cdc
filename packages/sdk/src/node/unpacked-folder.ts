import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnpackedImages } from '@qvm/core/architecture';

const FOLDER = 'unpacked';
/** Most images that are kept; a Debian kernel has 66 MB. */
const MOST_IMAGES = 4;
/** Largest image that is kept, in bytes. */
const MOST_BYTES = 0x1000_0000;
const DIGEST = /^[0-9a-f]{64}$/;
const CHECK_BYTES = 32;

/**
 * Keeps unpacked images in the folder `unpacked` of the folder of guests, at most four; the one that was not used for
 * the longest time is deleted first. Each file is the image with its SHA-256 after it, so that a damaged one is found.
 *
 * @param guests - folder of guests; it need not exist
 * @experimental
 */
export function unpackedFolder(guests: string): UnpackedImages {
  const folder = join(guests, FOLDER);
  return {
    find: (digest) => read(fileOf(folder, digest)).catch(nothing),
    keep: (digest, bytes) => write(folder, fileOf(folder, digest), bytes).catch(nothing),
  };
}

/** A folder that cannot be read or written keeps nothing: the image is unpacked then. */
const nothing = (): undefined => undefined;

function fileOf(folder: string, digest: string): string {
  if (!DIGEST.test(digest)) throw new RangeError(`"${digest}" is no SHA-256`);
  return join(folder, digest);
}

const check = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

async function read(path: string): Promise<Uint8Array | undefined> {
  const handle = await open(path, 'r');
  let bytes: Buffer;
  try {
    if ((await handle.stat()).size > MOST_BYTES + CHECK_BYTES) return undefined;
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

async function write(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  if (bytes.length > MOST_BYTES) return;
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
  await evict(folder);
}

/** Deletes the images that were not used for the longest time, and files that a process has left unfinished. */
async function evict(folder: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => ({
      path: join(folder, name),
      used: (await stat(join(folder, name))).mtimeMs,
    })),
  );
  files.sort((x, y) => y.used - x.used);
  for (const { path } of files.slice(MOST_IMAGES)) await rm(path, { force: true });
}
