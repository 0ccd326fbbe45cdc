import type { VmHandle } from '@qvm/sdk';
import { endChunk, fileHeader, TraceRecorder } from '@qvm/trace';
import { TraceFile } from './trace-file.js';
import type { TraceSink } from './trace-writer.js';

const DRAIN_MS = 100;
/** The ring is drained at the end of a step when it is so full. */
const HIGH_WATER = 0.5;

/** Writes a binary trace (docs/formats/trace.md) of VMs that run on this thread. */
export class KevWriter implements TraceSink {
  readonly #recorder = new TraceRecorder();
  readonly #file: TraceFile;
  readonly #timer: ReturnType<typeof setInterval>;
  #open = true;

  /**
   * @param failed - told once when the file cannot be written any more; the trace ends there, the VM goes on.
   * @throws CliError when the file cannot be made.
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
