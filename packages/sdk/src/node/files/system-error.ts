import { QvmError } from '@qvm/core';

/** Descriptions of file system errors for users. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system is read-only',
  EISDIR: 'it is a folder',
  EBUSY: 'it is in use',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files (see "ulimit -n")',
  ENFILE: 'too many open files on this machine',
  EPIPE: 'its reader is gone',
  EFBIG: 'it is larger than a file may be',
  EDQUOT: 'the disk quota is used up',
  ENOSPC: 'no space is left on the device',
  EIO: 'the device reports an error',
};

/** Code of an error of the system, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A description of a system error; of a qvm error that was caused by one, only the reason. */
export function reasonOf(error: unknown): string {
  if (error instanceof QvmError) return error.cause === undefined ? error.message : reasonOf(error.cause);
  const code = codeOf(error);
  if (code !== undefined) return REASONS[code] ?? code;
  return error instanceof Error ? error.message : String(error);
}
