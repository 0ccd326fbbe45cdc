import { closeSync, openSync, writeSync } from 'node:fs';
import { CliError } from '../report/report-error.js';

/** `VmExitCode.StartFailed`: nothing has run yet. */
const START_FAILED = 64;

/** A file that a trace is written to, piece by piece. When it cannot be written any more, the trace ends; nothing else does. */
export class TraceFile {
  readonly #path: string;
  readonly #failed: (message: string) => void;
  #descriptor: number | undefined;

  /**
   * @param failed - told once when the file cannot be written any more.
   * @throws CliError when the file cannot be made.
   */
  constructor(path: string, failed: (message: string) => void) {
    this.#path = path;
    this.#failed = failed;
    try {
      this.#descriptor = openSync(path, 'w');
    } catch (cause) {
      throw new CliError(`the trace "${path}" cannot be written`, START_FAILED, { cause });
    }
  }

  write(bytes: Uint8Array): void {
    if (this.#descriptor === undefined) return;
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done);
    } catch (error) {
      this.#failed(`the trace "${this.#path}" ends here: ${error instanceof Error ? error.message : String(error)}`);
      this.close();
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
