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
 * Options for opening an output.
 *
 * @experimental
 */
export interface OutputFileOptions {
  /** Name of the writer, for the messages that others get who want the file. */
  readonly owner: string;
  /** Permissions of a new file, before the process's umask. */
  readonly mode?: number;
  /** Paths that the same command reads. */
  readonly inputs?: readonly string[];
}

const listeners = new Set<(path: string) => void>();

/**
 * Calls `listener` when any output of this thread can no longer be written: further output to it is lost.
 *
 * @returns an object that removes the listener when disposed of.
 * @experimental
 */
export function onOutputLost(listener: (path: string) => void): Disposable {
  listeners.add(listener);
  return { dispose: () => void listeners.delete(listener) };
}

/**
 * A file of the host that is written from its beginning; all outputs of qvm are opened through this class. It is a
 * regular file, or `/dev/null` or `/dev/full`; pipes, other devices, sockets and folders are refused without waiting.
 * While it is open, it is claimed: a file that a VM in any process of this host uses (its image, a disk, another
 * output) is refused and left unchanged.
 *
 * @experimental
 */
export class OutputFile {
  /** The path by which it was opened. */
  readonly path: string;
  readonly #claim: FileClaim | undefined;
  #descriptor: number | undefined;

  private constructor(path: string, descriptor: number, claim: FileClaim | undefined) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#claim = claim;
  }

  /**
   * Opens a file for writing and truncates it.
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
      // It may have been replaced since it was examined.
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
   * Appends all of `bytes`.
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

  /** Closes the file and releases the claim. Idempotent. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#claim?.release();
  }
}

/**
 * The reason why an output cannot be written to a path, or `undefined`. Opens and creates nothing.
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
  // The message of a claim's error is all that it says: as a cause, it would be printed again.
  return cause.code === 'file.unwritable' ? cause : unwritable(path, inUse(cause));
}

/** The message of a claim's error, as a clause. */
function inUse({ message }: QvmError): string {
  return message.replace(/^"[^"]*" (?=is in use)/, 'it ').replace(/\.$/, '');
}

function unwritable(path: string, reason: string, cause?: unknown): QvmError {
  return new QvmError('file.unwritable', `"${path}" cannot be written: ${reason}`, { cause });
}
