import { readdirSync, statSync, type Dirent } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Largest number of names in a folder that are examined. */
const MOST_NAMES = 10_000;

/**
 * Paths that begin with the typed text: folders with a slash at the end, and files with one of the extensions, or all
 * files if there are none.
 *
 * @param endings - absent: all files; empty: folders only.
 */
export function pathsFor(typed: string, endings: readonly string[] | undefined): readonly string[] {
  const slash = typed.lastIndexOf('/') + 1;
  const folder = typed.slice(0, slash);
  const begin = typed.slice(slash);
  const entries = namesIn(folder).filter(
    ({ name }) => name.startsWith(begin) && (begin !== '' || !name.startsWith('.')),
  );
  const folders = entries.filter((entry) => isFolder(folder, entry));
  const files = entries.filter((entry) => !folders.includes(entry));
  const wanted = endings && files.filter(({ name }) => endings.some((ending) => name.endsWith(ending)));
  const shown = wanted === undefined || (wanted.length === 0 && endings?.length !== 0) ? files : wanted;
  return [...shown.map(({ name }) => folder + name), ...folders.map(({ name }) => `${folder}${name}/`)];
}

function namesIn(folder: string): readonly Dirent[] {
  try {
    return readdirSync(atHome(folder) || '.', { withFileTypes: true }).slice(0, MOST_NAMES);
  } catch {
    return [];
  }
}

function isFolder(folder: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(join(atHome(folder), entry.name), { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Expands `~`, because shells complete before they expand it. */
function atHome(path: string): string {
  return path.startsWith('~/') ? homedir() + path.slice(1) : path;
}
