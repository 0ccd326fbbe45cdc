import { lstatSync, unlinkSync, type Stats } from 'node:fs';

/**
 * Which file something made: a name may be another file's by the time that it is cleaned up.
 *
 * @experimental
 */
export type OwnFile = Pick<Stats, 'dev' | 'ino'>;

/**
 * Removes a file that this process made, unless another one has its name meanwhile. Nothing happens when it is gone.
 *
 * @experimental
 */
export function removeOwnFile(path: string, { dev, ino }: OwnFile): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.dev === dev && found.ino === ino) unlinkSync(path);
}
