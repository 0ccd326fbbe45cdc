import { accessSync, closeSync, constants, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { QvmError, type Disposable } from '@qvm/core';
import { claimFile, type FileClaim } from './file-claim.js';
import { fileIdentity } from './file-identity.js';
import { isKernelFile, isSink, notWritable } from './file-kind.js';
import { codeOf, reasonOf } from './system-error.js';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;
const NEW_FILE_MODE = 0o666;

/**
 * How an output is opened.
 *
 * @experimental
 */
export interface OutputFileOptions {
  /** Who writes, for the messages of others that want the file. */
  readonly owner: string;
  /** Rights of a new file, before the process's umask. */
  readonly mode?: number;
  /** Paths that the same command reads. */
  readonly inputs?: readonly string[];
}

const listeners = new Set<(path: string) => void>();

/**
 * Tells when something could not be written to an output of this thread any more, whoever wrote it: what follows for it is lost.
 *
 * @returns ends it.
 * @experimental
 */
export function onOutputLost(listener: (path: string) => void): Disposable {
  listeners.add(listener);
  return { dispose: () => void listeners.delete(listener) };
}

/**
 * A file of the host that is written from its beginning: the one way in which qvm opens an output. It is a regular file, or
 * `/dev/null` or `/dev/full`; pipes, other devices, sockets and folders are refused without waiting. While it is open, it is claimed: a
 * file that a VM of any process of this host uses (its image, a disk, another output) is refused, and left as it is.
 *
 * @experimental
 */
export class OutputFile {
  /** The path that it was opened by. */
  readonly path: string;
  readonly #claim: FileClaim | undefined;
  #descriptor: number | undefined;

  private constructor(path: string, descriptor: number, claim: FileClaim | undefined) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#claim = claim;
  }

  /**
   * Opens a file for writing, and empties it.
   *
   * @throws QvmError `file.unwritable`
   */
  static open(path: string, { owner, mode = NEW_FILE_MODE, inputs = [] }: OutputFileOptions): OutputFile {
    const problem = outputProblem(path, inputs);
    if (problem !== undefined) throw unwritable(path, problem);
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, FLAGS, mode);
      const info = fstatSync(descriptor);
      // It may have become something else since it was looked at.
      const changed = notWritable(path, info);
      if (changed !== undefined) throw unwritable(path, changed);
      const claim = isSink(info) ? undefined : claimFile(path, info, true, owner);
      if (claim !== undefined) ftruncateSync(descriptor);
      return new OutputFile(path, descriptor, claim);
    } catch (cause) {
      if (descriptor !== undefined) closeSync(descriptor);
      throw outputError(path, cause);
    }
  }

  /**
   * Writes all of `bytes` at the end of what was written.
   *
   * @throws QvmError `file.unwritable`, also when it is closed.
   */
  write(bytes: Uint8Array): void {
    if (this.#descriptor === undefined) throw unwritable(this.path, 'it is closed');
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done);
    } catch (cause) {
      for (const listener of [...listeners]) listener(this.path);
      throw outputError(this.path, cause);
    }
  }

  /** Ends the file, and lets others have it. Idempotent. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#claim?.release();
  }
}

/**
 * Why an output cannot be written at a path, or `undefined`. Nothing is opened or made.
 *
 * @param inputs - paths that must not be the same file.
 * @experimental
 */
export function outputProblem(path: string, inputs: readonly string[] = []): string | undefined {
  try {
    const info = statSync(path, { throwIfNoEntry: false });
    const problem = info === undefined ? problemOfFolder(dirname(path)) : notWritable(path, info);
    if (problem !== undefined) return problem;
    if (info !== undefined) accessSync(path, constants.W_OK);
    const identity = fileIdentity(path);
    const input = identity === undefined ? undefined : inputs.find((other) => fileIdentity(other) === identity);
    return input === undefined ? undefined : `it is "${input}", which is read`;
  } catch (error) {
    return reasonOf(error);
  }
}

function problemOfFolder(folder: string): string | undefined {
  const info = statSync(folder, { throwIfNoEntry: false });
  if (info === undefined) return `there is no folder "${folder}"`;
  if (!info.isDirectory()) return `"${folder}" is no folder`;
  if (isKernelFile(folder)) return 'it would be a file of the kernel';
  accessSync(folder, constants.W_OK | constants.X_OK);
  return undefined;
}

function outputError(path: string, cause: unknown): QvmError {
  if (!(cause instanceof QvmError)) {
    // A pipe without a reader, or a socket.
    return unwritable(path, codeOf(cause) === 'ENXIO' ? 'it is no regular file' : reasonOf(cause), cause);
  }
  return cause.code === 'file.unwritable' ? cause : unwritable(path, inUse(cause), cause);
}

/** What a claim says, as a clause. */
function inUse({ message }: QvmError): string {
  return message.replace(/^"[^"]*" (?=is in use)/, 'it ').replace(/\.$/, '');
}

function unwritable(path: string, reason: string, cause?: unknown): QvmError {
  return new QvmError('file.unwritable', `"${path}" cannot be written: ${reason}`, { cause });
}
