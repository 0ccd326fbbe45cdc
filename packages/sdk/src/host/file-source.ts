import { QvmError } from '@qvm/core';

/**
 * Reads the files that configurations name. The host provides the implementation: Node's file system, memory, a server.
 *
 * @experimental
 */
export interface FileSource {
  /**
   * The contents of a whole file.
   *
   * @param limit - size in bytes; a larger file is refused before it is read.
   * @throws FileSourceError
   */
  read(path: string, limit: number): Promise<Uint8Array>;
  /**
   * The beginning of a file. Absent: the whole file is read in place of it.
   *
   * @param bytes - number of bytes; a shorter file gives all of its contents.
   * @throws FileSourceError
   */
  head?(path: string, bytes: number): Promise<Uint8Array>;
}

/**
 * Thrown when a file cannot be read: `file.missing`, `file.unreadable`, `file.too-large`. The message is a clause
 * without a location in a configuration.
 *
 * @experimental
 */
export class FileSourceError extends QvmError {
  constructor(
    code: 'file.missing' | 'file.unreadable' | 'file.too-large',
    /** The path that was asked for. */
    readonly path: string,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/**
 * Files in memory, by path. Also the (empty) file source of hosts without files.
 *
 * @experimental
 */
export class MemoryFileSource implements FileSource {
  readonly #files: ReadonlyMap<string, Uint8Array>;

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    this.#files = new Map(files);
  }

  read(path: string, limit: number): Promise<Uint8Array> {
    const bytes = this.#files.get(path);
    if (bytes === undefined) {
      return Promise.reject(new FileSourceError('file.missing', path, `there is no file "${path}"`));
    }
    if (bytes.length > limit) return Promise.reject(tooLarge(path, bytes.length, limit));
    return Promise.resolve(bytes);
  }
}

/** The error for a file of `size` bytes, where `limit` are allowed. */
export function tooLarge(path: string, size: number, limit: number): FileSourceError {
  return new FileSourceError('file.too-large', path, `"${path}" has ${size} bytes; at most ${limit} fit here`);
}
