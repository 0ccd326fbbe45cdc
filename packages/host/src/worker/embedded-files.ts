import { embeddedGuest } from '@qvm/guests';
import type { FileSource } from '@qvm/sdk';

/**
 * Path of the guest that is part of qvm. No configuration can name it, because paths in configurations are made
 * absolute.
 *
 * @experimental
 */
export const EMBEDDED_GUEST = 'the embedded guest';

/**
 * A file source that also has the embedded guest.
 *
 * @experimental
 */
export function withEmbeddedGuest(files: FileSource): FileSource {
  return {
    read: (path, limit) => (path === EMBEDDED_GUEST ? Promise.resolve(embeddedGuest().image) : files.read(path, limit)),
  };
}
