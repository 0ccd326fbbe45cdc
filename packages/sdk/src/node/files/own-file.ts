import { lstatSync, unlinkSync, type Stats } from 'node:fs';

/**
 * Identity of a file that this process has created: by the time of its removal, its name may belong to another file.
 *
 * @experimental
 */
export type OwnFile = Pick<Stats, 'dev' | 'ino'>;

/**
 * Removes a file that this process has created, unless its name belongs to another file by now. No effect if it is
 * gone.
 *
 * @experimental
 */
export function removeOwnFile(path: string, { dev, ino }: OwnFile): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.dev === dev && found.ino === ino) unlinkSync(path);
}
