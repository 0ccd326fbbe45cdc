import { isAbsolute, join } from 'node:path';
import { QvmError } from '@qvm/core';
import { type CharacterBackend } from '@qvm/core/services';
import type { CharacterBackendContext, CharacterBackendFactory } from '../console/character-backends.js';
import { OutputFile } from './files/output-file.js';
import { reasonOf } from './files/system-error.js';

const BUFFER_BYTES = 0x1_0000;
const NOTHING = new Uint8Array(0);

/**
 * The designator `file:PATH`: output to a file, which is truncated first. There is no input.
 *
 * @experimental
 */
export const fileBackend: CharacterBackendFactory = {
  scheme: 'file',
  argument: 'PATH',
  description: 'Output into a file, which is emptied first; no input',
  open: (path, context) => new FileBackend(path, context),
};

class FileBackend implements CharacterBackend {
  readonly available = 0;
  readonly #context: CharacterBackendContext;
  readonly #path: string;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #length = 0;
  #file: OutputFile | undefined;
  #flushDue = false;

  constructor(path: string, context: CharacterBackendContext) {
    this.#context = context;
    this.#path = isAbsolute(path) ? path : join(context.baseDir, path);
    try {
      this.#file = OutputFile.open(this.#path, { owner: context.vm });
    } catch (cause) {
      throw cause instanceof QvmError ? new QvmError('console.file', cause.message, { cause }) : cause;
    }
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const part = bytes.subarray(done, done + BUFFER_BYTES - this.#length);
      this.#buffer.set(part, this.#length);
      this.#length += part.length;
      done += part.length;
      if (this.#length === BUFFER_BYTES) this.flush();
    }
    if (this.#flushDue || this.#length === 0) return;
    // Writes once after the guest's slice, with all output of the slice.
    this.#flushDue = true;
    queueMicrotask(() => this.flush());
  }

  read(): Uint8Array {
    return NOTHING;
  }

  onInput(): void {}

  flush(): void {
    this.#flushDue = false;
    const length = this.#length;
    this.#length = 0;
    if (this.#file === undefined) return;
    try {
      this.#file.write(this.#buffer.subarray(0, length));
    } catch (error) {
      // A full disk does not end the guest; further output is lost, which is logged once.
      this.#context.logger.log('error', `output to "${this.#path}" ends here: ${reasonOf(error)}`);
      this.#release();
    }
  }

  close(): void {
    this.flush();
    this.#release();
  }

  #release(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
