import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeGuest } from './catalogue.js';
import { guestCacheDirectory, type Environment } from './environment.js';
import { GuestFetchError, GuestFormatError, systemErrorCode } from './errors.js';
import { sha256OfFile } from './hash.js';
import { parseManifest, type GuestPackage, type Manifest, type ManifestFile } from './manifest.js';
import { recipeDigest } from './recipe.js';

/**
 * A guest in the cache, completely verified.
 *
 * @experimental
 */
export interface GuestFiles {
  /** Name of the guest. */
  readonly name: string;
  /** Absolute path of the guest's folder. */
  readonly directory: string;
  /** Absolute paths by file name, e.g. `Image` and `initramfs.cpio.gz`. */
  readonly files: Readonly<Record<string, string>>;
  /** The packages that it was made from. */
  readonly packages: readonly GuestPackage[];
}

/**
 * Path of a guest's folder, which need not exist.
 *
 * @param name - a name from the catalogue
 * @param env - as for {@link guestCacheDirectory}
 * @returns an absolute path
 * @throws GuestFetchError `unknown-guest`
 * @experimental
 */
export function guestPath(name: string, env: Environment = process.env): string {
  return join(guestCacheDirectory(env), describeGuest(name).name);
}

/** @throws GuestFetchError `guest-missing` or `guest-damaged` */
export async function readManifest(name: string, directory: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(join(directory, 'MANIFEST'), 'utf8');
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' && systemErrorCode(error) !== 'ENOTDIR') throw error;
    throw new GuestFetchError('guest-missing', `${name} has not been fetched: ${directory}`, '', { cause: error });
  }
  try {
    return parseManifest(text);
  } catch (error) {
    if (!(error instanceof GuestFormatError)) throw error;
    throw new GuestFetchError('guest-damaged', `${name}: ${error.message}`, '', { cause: error });
  }
}

async function checkFile(name: string, directory: string, file: ManifestFile): Promise<void> {
  const path = join(directory, file.name);
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw new GuestFetchError('guest-damaged', `${name}: ${file.name} is missing`);
  if (info.size !== file.size || (await sha256OfFile(path)) !== file.sha256) {
    throw new GuestFetchError('guest-damaged', `${name}: ${file.name} is not what was fetched`);
  }
}

/** Checks a guest's folder against its manifest and the catalogue. */
export async function verifyDirectory(
  name: string,
  directory: string,
): Promise<{ manifest: Manifest; guest: GuestFiles }> {
  const expected = describeGuest(name).files;
  const manifest = await readManifest(name, directory);
  if (manifest.guest !== name)
    throw new GuestFetchError('guest-damaged', `${directory} holds ${manifest.guest}, not ${name}`);
  const listed = new Set(manifest.files.map((file) => file.name));
  const unlisted = expected.find((file) => !listed.has(file));
  if (unlisted !== undefined) throw new GuestFetchError('guest-damaged', `${name}: the manifest lacks ${unlisted}`);
  for (const file of manifest.files) await checkFile(name, directory, file);
  const files = Object.fromEntries([...listed].map((file) => [file, join(directory, file)]));
  return { manifest, guest: { name, directory, files, packages: manifest.packages } };
}

/**
 * Verifies that a guest is in the cache with every file unchanged (size and SHA-256), and returns its location.
 *
 * @param name - a name from the catalogue
 * @param env - as for {@link guestCacheDirectory}
 * @throws GuestFetchError `unknown-guest`, `guest-missing` or `guest-damaged`
 * @experimental
 */
export async function verifyGuest(name: string, env: Environment = process.env): Promise<GuestFiles> {
  return (await verifyDirectory(name, guestPath(name, env))).guest;
}

/** The guest in `directory`, if it is intact and made by the current recipe. */
export async function currentGuest(
  name: string,
  directory: string,
): Promise<{ manifest: Manifest; guest: GuestFiles } | undefined> {
  try {
    const found = await verifyDirectory(name, directory);
    return found.manifest.recipe === (await recipeDigest(describeGuest(name).architecture)) ? found : undefined;
  } catch (error) {
    const incomplete = error instanceof GuestFetchError && error.code.startsWith('guest-');
    if (incomplete) return undefined;
    throw error;
  }
}

/**
 * True if the guest is in the cache, intact, and assembled as this version of the package does: `fetchGuest` then has
 * nothing to do.
 *
 * @param name - a name from the catalogue
 * @param env - as for {@link guestCacheDirectory}
 * @throws GuestFetchError `unknown-guest`
 * @experimental
 */
export async function isGuestComplete(name: string, env: Environment = process.env): Promise<boolean> {
  return (await currentGuest(name, guestPath(name, env))) !== undefined;
}
