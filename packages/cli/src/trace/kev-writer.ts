import type { VmHandle } from '@qvm/sdk';
import { endChunk, fileHeader, TraceRecorder } from '@qvm/trace';
import { TraceFile } from './trace-file.js';
import type { TraceSink } from './trace-writer.js';

const DRAIN_MS = 100;
/** Fill level of the ring at which it is drained at the end of a step. */
const HIGH_WATER = 0.5;

/** Writes a binary trace (docs/formats/trace.md) of VMs that run on this thread. */
export class KevWriter implements TraceSink {
  readonly #recorder = new TraceRecorder();
  readonly #file: TraceFile;
  readonly #timer: ReturnType<typeof setInterval>;
  #open = true;

  /**
   * @param failed - called once when the file can no longer be written; the trace ends then, but the VM continues.
   * @throws CliError when the file cannot be created.
   */
  constructor(file: string, failed: (message: string) => void) {
    this.#file = new TraceFile(file, failed);
    this.#file.write(fileHeader());
    this.#timer = setInterval(() => this.#drain(), DRAIN_MS).unref();
  }

  attach(vm: VmHandle): void {
    this.#recorder.attach(vm);
    vm.hooks.step.tap('qvm trace', ({ phase }) => {
      if (phase === 'end' && this.#recorder.fill >= HIGH_WATER) this.#drain();
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearInterval(this.#timer);
    this.#drain();
    this.#file.write(endChunk());
    this.#file.close();
  }

  #drain(): void {
    for (const chunk of this.#recorder.drain()) this.#file.write(chunk);
  }
}
