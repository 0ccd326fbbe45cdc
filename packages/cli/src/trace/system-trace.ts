import type { HostedVm } from '@qvm/host';
import { endChunk, fileHeader } from '@qvm/trace';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';
import { TraceFile } from './trace-file.js';

const POLL_MS = 50;

/**
 * Writes a binary trace (docs/formats/trace.md) of several VMs, each on a thread of its own. The last records of a VM
 * that ends are lost.
 */
export class SystemTrace {
  readonly #file: TraceFile;
  readonly #copies: Promise<void>[] = [];

  /**
   * @param failed - called once when the file can no longer be written.
   * @throws CliError for a file other than `.kev`, because the text of several VMs would not be ordered, or when it
   * cannot be created.
   */
  constructor(path: string, failed: (message: string) => void) {
    if (!path.endsWith('.kev')) {
      throw new CliError('a trace of several VMs is binary: name it FILE.kev', CliExitCode.Usage);
    }
    this.#file = new TraceFile(path, failed);
    this.#file.write(fileHeader());
  }

  /** Records a VM from now on; to be called before it starts. */
  async attach(vm: HostedVm): Promise<void> {
    await vm.request('traceStart', { cpu: vm.id });
    this.#copies.push(this.#copy(vm));
  }

  /** To be called when all VMs have ended. */
  async close(): Promise<void> {
    await Promise.all(this.#copies);
    this.#file.write(endChunk());
    this.#file.close();
  }

  async #copy(vm: HostedVm): Promise<void> {
    while (!vm.ended) {
      const output = await vm.request('traceRead', undefined).catch(() => undefined);
      if (output === undefined) return;
      for (const chunk of output.chunks) this.#file.write(chunk);
      await Promise.race([vm.end, new Promise((resolve) => setTimeout(resolve, POLL_MS))]);
    }
  }
}
