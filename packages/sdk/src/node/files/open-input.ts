import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { FileSourceError, tooLarge } from '../../host/file-source.js';
import { notReadable } from './file-kind.js';
import { codeOf, reasonOf } from './system-error.js';

/**
 * A file that is open for reading.
 *
 * @experimental
 */
export interface InputFile {
  /** File descriptor; the caller closes it. */
  readonly descriptor: number;
  /** The file's `stat` when it was opened. */
  readonly info: Stats;
}

/**
 * Opens a regular file for reading. Pipes, devices, sockets and folders are refused without being opened, because
 * reading them would wait or never end.
 *
 * @throws FileSourceError `file.missing`, `file.unreadable`
 * @experimental
 */
export function openInput(path: string): InputFile {
  let descriptor: number | undefined;
  try {
    requireReadable(path, statSync(path));
    // Non-blocking, in case it has become a pipe meanwhile.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const info = fstatSync(descriptor);
    requireReadable(path, info);
    return { descriptor, info };
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    throw inputError(path, error);
  }
}

/**
 * The contents of a whole regular file.
 *
 * @param limit - size in bytes; a larger file is refused before it is read.
 * @throws FileSourceError
 * @experimental
 */
export function readInput(path: string, limit: number): Uint8Array {
  const { descriptor, info } = openInput(path);
  try {
    if (info.size > limit) throw tooLarge(path, info.size, limit);
    const bytes = new Uint8Array(info.size);
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
      // The file has become shorter while it was being read.
      if (read === 0) return bytes.slice(0, filled);
      filled += read;
    }
    return bytes;
  } catch (error) {
    throw inputError(path, error);
  } finally {
    closeSync(descriptor);
  }
}

/** Converts an error of the file system to one with a message for users. */
export function inputError(path: string, error: unknown): FileSourceError {
  if (error instanceof FileSourceError) return error;
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new FileSourceError('file.missing', path, `there is no file "${path}"`, { cause: error });
  }
  return unreadable(path, reasonOf(error), error);
}

/**
 * Refuses what is not a regular file: reading a pipe, a device, a socket or a folder would wait, never end, or fail.
 *
 * @param path - for the message.
 * @param info - of the file.
 * @throws FileSourceError `file.unreadable`
 * @experimental
 */
export function requireReadable(path: string, info: Stats): void {
  const problem = notReadable(info);
  if (problem !== undefined) throw unreadable(path, problem);
}

function unreadable(path: string, reason: string, cause?: unknown): FileSourceError {
  return new FileSourceError('file.unreadable', path, `"${path}" cannot be read: ${reason}`, { cause });
}
