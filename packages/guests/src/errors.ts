/**
 * Why a guest could not be fetched or used; stable names, for programs.
 *
 * @experimental
 */
export type GuestFetchErrorCode =
  | 'unknown-guest'
  | 'bad-option'
  | 'tool-missing'
  | 'apt-update-failed'
  | 'package-not-found'
  | 'download-failed'
  | 'checksum-mismatch'
  | 'bad-package'
  | 'guest-missing'
  | 'guest-damaged'
  | 'io-failed'
  | 'aborted';

/**
 * A guest could not be fetched, or what the cache holds cannot be used. `message` is one line for people; `detail` is
 * the end of what the failing program printed (at most 4 KiB, possibly empty).
 *
 * @experimental
 */
export class GuestFetchError extends Error {
  override readonly name = 'GuestFetchError';

  constructor(
    readonly code: GuestFetchErrorCode,
    message: string,
    readonly detail: string = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A file (archive, ELF object, manifest, kernel image) is not what its format demands. */
export class GuestFormatError extends Error {
  override readonly name = 'GuestFormatError';
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`...), or `undefined` for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error instanceof GuestFetchError) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
