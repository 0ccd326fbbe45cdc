import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { debFileName, isDebFileName } from './apt.js';
import { guestCatalogue } from './catalogue.js';
import { readManifest } from './verify.js';
import { GuestFetchError } from './errors.js';

async function packagesInUse(cache: string): Promise<Set<string>> {
  const names = new Set<string>();
  for (const { name } of guestCatalogue()) {
    try {
      for (const used of (await readManifest(name, join(cache, name))).packages) names.add(debFileName(used));
    } catch (error) {
      if (!(error instanceof GuestFetchError)) throw error; // not fetched, or to be fetched again
    }
  }
  return names;
}

/**
 * Removes downloaded packages that no guest in the cache is made from: after an update, the old ones only take space.
 * Other files and folders stay, because the cache's place is the user's choice.
 */
export async function prunePackages(cache: string, folder: string): Promise<void> {
  const inUse = await packagesInUse(cache);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile() && isDebFileName(entry.name) && !inUse.has(entry.name)) {
      await rm(join(folder, entry.name), { force: true });
    }
  }
}
