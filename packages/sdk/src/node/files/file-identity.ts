import { lstatSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isSink } from './file-kind.js';
import { codeOf } from './system-error.js';

/** Largest number of symbolic links that Linux follows. */
const MAX_LINKS = 40;

/** Identity of an open file, the same for all of its names. */
export function fileKey(info: Stats): string {
  return info.isBlockDevice() ? `device-${info.rdev}` : `${info.dev}-${info.ino}`;
}

/**
 * Identity of a file, the same for all of its names: hard links, symbolic links, `/proc/self/fd`. A file that does not
 * exist yet is identified by its folder and name, so that two names for the same future file have the same identity.
 *
 * @returns `undefined` for what several may use without harm: folders, terminals, `/dev/null`; and for what cannot be looked at.
 * @experimental
 */
export function fileIdentity(path: string): string | undefined {
  try {
    const info = statSync(path, { throwIfNoEntry: false });
    return info === undefined ? identityOfMissing(path, MAX_LINKS) : identityOf(info);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

function identityOf(info: Stats): string | undefined {
  return isSink(info) || !(info.isFile() || info.isBlockDevice()) ? undefined : fileKey(info);
}

function identityOfMissing(path: string, links: number): string | undefined {
  const link = lstatSync(path, { throwIfNoEntry: false });
  // Opening a dangling symbolic link creates its target.
  if (link?.isSymbolicLink() === true) {
    return links === 0 ? undefined : identityOfMissing(resolve(dirname(path), readlinkSync(path)), links - 1);
  }
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  return folder === undefined ? undefined : `${fileKey(folder)}/${basename(path)}`;
}
