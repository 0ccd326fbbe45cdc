import { QvmError } from '@qvm/core';
import { describeError, OutputFile } from '@qvm/sdk';
import { CliError } from '../report/report-error.js';

/** `VmExitCode.StartFailed`: nothing has run yet. */
const START_FAILED = 64;

/** A trace file that is written piece by piece. When it can no longer be written, only the trace ends. */
export class TraceFile {
  readonly #failed: (message: string) => void;
  #file: OutputFile | undefined;

  /**
   * @param failed - called once when the file can no longer be written.
   * @throws CliError when the file cannot be created.
   */
  constructor(path: string, failed: (message: string) => void) {
    this.#failed = failed;
    try {
      this.#file = OutputFile.open(path, { owner: 'qvm trace' });
    } catch (cause) {
      if (!(cause instanceof QvmError)) throw cause;
      throw new CliError(`the trace ${cause.message}`, START_FAILED);
    }
  }

  write(bytes: Uint8Array): void {
    if (this.#file === undefined) return;
    try {
      this.#file.write(bytes);
    } catch (error) {
      this.#failed(`the trace "${this.#file.path}" ends here: ${describeError(error)}`);
      this.close();
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
