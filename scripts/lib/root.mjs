import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** The repository's root. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Absolute path of something in the repository. */
export function inRoot(...parts) {
  return join(root, ...parts);
}
