/*
 * Descriptions of system errors that occur before or while the rest of the command is loaded. This module imports
 * nothing, because it could not be loaded later without a free descriptor.
 */

const REASONS: Readonly<Record<string, string>> = {
  EMFILE: 'too many open files (see "ulimit -n")',
  ENFILE: 'too many open files on this machine',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is too large',
  EIO: 'the device reports an error',
  ENOMEM: 'there is not enough memory',
};

/** The description of a system error, if the error or one of its causes is one; otherwise `undefined`. */
export function systemReason(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = 'code' in current && typeof current.code === 'string' ? current.code : '';
    if (Object.hasOwn(REASONS, code)) return REASONS[code];
  }
  return undefined;
}
