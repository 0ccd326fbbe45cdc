/*
 * Errors of the system in words, for what goes wrong before or while the rest of the command is loaded. This module loads nothing: without
 * a free descriptor it could not.
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

/** What is wrong with the system, where an error or its causes say so; `undefined` when it is something else. */
export function systemReason(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = 'code' in current && typeof current.code === 'string' ? current.code : '';
    if (Object.hasOwn(REASONS, code)) return REASONS[code];
  }
  return undefined;
}
