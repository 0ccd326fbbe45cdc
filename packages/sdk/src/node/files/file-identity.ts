import { lstatSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isSink } from './file-kind.js';
import { codeOf } from './system-error.js';

/** As many symbolic links as Linux follows. */
const MAX_LINKS = 40;

/** The same text for all names of a file that is open. */
export function fileKey(info: Stats): string {
  return info.isBlockDevice() ? `device-${info.rdev}` : `${info.dev}-${info.ino}`;
}

/**
 * The same text for all names of a file: hard links, symbolic links, `/proc/self/fd`. A file that is not there yet is named by its
 * folder, so that two names for what would be one file are the same too.
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
  // Opening a symbolic link that leads nowhere makes the file there.
  if (link?.isSymbolicLink() === true) {
    return links === 0 ? undefined : identityOfMissing(resolve(dirname(path), readlinkSync(path)), links - 1);
  }
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  return folder === undefined ? undefined : `${fileKey(folder)}/${basename(path)}`;
}
