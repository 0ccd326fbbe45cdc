import { embeddedGuest } from '@qvm/guests';
import type { FileSource } from '@qvm/sdk';

/**
 * The path that stands for the guest that comes with qvm. No configuration can name it: paths there are made absolute.
 *
 * @experimental
 */
export const EMBEDDED_GUEST = 'the embedded guest';

/**
 * Files, and the embedded guest beside them.
 *
 * @experimental
 */
export function withEmbeddedGuest(files: FileSource): FileSource {
  return {
    read: (path, limit) => (path === EMBEDDED_GUEST ? Promise.resolve(embeddedGuest().image) : files.read(path, limit)),
  };
}
