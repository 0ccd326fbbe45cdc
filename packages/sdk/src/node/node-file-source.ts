import { constants, open, stat, type FileHandle } from 'node:fs/promises';
import { tooLarge, type FileSource } from '../host/file-source.js';
import { inputError, requireReadable } from './files/open-input.js';

/**
 * The file system. Only regular files are read: reading a pipe or device named by mistake would wait or never end.
 *
 * @experimental
 */
export const nodeFileSource: FileSource = {
  read: (path, limit) =>
    withFile(path, (handle, size) => {
      if (size > limit) throw tooLarge(path, size, limit);
      return readHandle(handle, size);
    }),
  head: (path, bytes) => withFile(path, (handle, size) => readHandle(handle, Math.min(size, bytes))),
};

/** @throws FileSourceError */
async function withFile<T>(path: string, use: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
  try {
    requireReadable(path, await stat(path));
    // Non-blocking, in case it has become a pipe meanwhile.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const info = await handle.stat();
      requireReadable(path, info);
      return await use(handle, info.size);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw inputError(path, error);
  }
}

async function readHandle(handle: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
    // The file has become shorter while it was being read.
    if (bytesRead === 0) return bytes.slice(0, filled);
    filled += bytesRead;
  }
  return bytes;
}
