import { ImageError } from '@qvm/core/architecture';

/** The error for compressed data that no compressor makes; the caller adds the file's name. */
export class DamagedData extends Error {}

/** Converts {@link DamagedData} to the error of an image. */
export function asImageError(error: unknown, name: string): unknown {
  if (!(error instanceof DamagedData)) return error;
  return new ImageError('bad-payload', `The compressed kernel in ${name} is damaged: ${error.message}.`, {
    cause: error,
  });
}
