import { embeddedGuest, type EmbeddedArchitecture } from '@qvm/guests';
import type { FileSource } from '@qvm/sdk';

/**
 * Paths of the guests that are part of qvm, by architecture. No configuration can name them, because paths in
 * configurations are made absolute.
 *
 * @experimental
 */
export const EMBEDDED_GUESTS: Readonly<Record<EmbeddedArchitecture, string>> = {
  aarch64: 'the embedded guest',
  x86_64: 'the embedded guest for x86_64',
};

const ARCHITECTURES = new Map(
  (['aarch64', 'x86_64'] as const).map((architecture) => [EMBEDDED_GUESTS[architecture], architecture]),
);

/**
 * A file source that also has the embedded guests.
 *
 * @experimental
 */
export function withEmbeddedGuest(files: FileSource): FileSource {
  return {
    read: (path, limit) => {
      const architecture = ARCHITECTURES.get(path);
      return architecture === undefined ? files.read(path, limit) : Promise.resolve(embeddedGuest(architecture).image);
    },
  };
}
