/**
 * Reasons why a guest could not be fetched or used; stable names, for programs.
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
 * Thrown when a guest could not be fetched, or the contents of the cache cannot be used. `message` is one line for
 * users; `detail` is the end of the failed program's output (at most 4 KiB, possibly empty).
 *
 * @experimental
 */
export class GuestFetchError extends Error {
  /** Always `GuestFetchError`, also in a minified program. */
  override readonly name = 'GuestFetchError';

  constructor(
    /** Stable code of the error. */
    readonly code: GuestFetchErrorCode,
    message: string,
    /** Output of the failed program, or other details; may be empty. */
    readonly detail: string = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Thrown for a malformed file (archive, ELF object, manifest, kernel image). */
export class GuestFormatError extends Error {
  override readonly name = 'GuestFormatError';
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`...), or `undefined` for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error instanceof GuestFetchError) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
