import { constants, open, type FileHandle } from 'node:fs/promises';
import { FileSourceError, tooLarge, type FileSource } from '../host/file-source.js';

/** What people call the errors of the file system. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
};

/**
 * The file system. Only regular files are read: a pipe or device named by mistake would wait or never end.
 *
 * @experimental
 */
export const nodeFileSource: FileSource = {
  async read(path, limit) {
    const handle = await openFile(path);
    try {
      return await readHandle(handle, path, limit);
    } catch (error) {
      throw error instanceof FileSourceError ? error : unreadable(path, error);
    } finally {
      await handle.close();
    }
  },
};

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Non-blocking, so that opening a pipe without a writer returns.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unreadable(path, error);
    throw new FileSourceError('file.missing', path, `there is no file "${path}"`, { cause: error });
  }
}

async function readHandle(handle: FileHandle, path: string, limit: number): Promise<Uint8Array> {
  const info = await handle.stat();
  if (!info.isFile()) {
    const what = info.isDirectory() ? 'it is a folder' : 'it is no regular file';
    throw new FileSourceError('file.unreadable', path, `"${path}" cannot be read: ${what}`);
  }
  if (info.size > limit) throw tooLarge(path, info.size, limit);
  const bytes = new Uint8Array(info.size);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
    // The file became shorter while it was read.
    if (bytesRead === 0) return bytes.slice(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

function unreadable(path: string, error: unknown): FileSourceError {
  const code = codeOf(error);
  const reason = (code === undefined ? undefined : REASONS[code]) ?? code ?? String(error);
  return new FileSourceError('file.unreadable', path, `"${path}" cannot be read: ${reason}`, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
