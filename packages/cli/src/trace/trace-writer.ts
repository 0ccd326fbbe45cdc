import type { GuestExitEvent } from '@qvm/core/hooks';
import type { VmHandle } from '@qvm/sdk';
import { TraceFile } from './trace-file.js';

const FLUSH_CHARACTERS = 0x1_0000;

const HEADER = '# qvm trace 1\n# time(ns) vcpu event cause pc instructions vdev\n';

/** Writes the events of a VM to a file. */
export interface TraceSink {
  /** Taps the VM's hooks. To be called before the VM starts. */
  attach(vm: VmHandle): void;
  /** Ends the file. Idempotent. */
  close(): void;
}

/**
 * Writes the guest exits and entrances of a VM as lines of text. Under instruction-counted time, two runs with the
 * same input give the same bytes. docs/cli.md describes the format.
 */
export class TraceWriter implements TraceSink {
  readonly #file: TraceFile;
  #text = HEADER;

  /**
   * @param failed - called once when the file can no longer be written; the trace ends then, but the VM continues.
   * @throws CliError when the file cannot be created.
   */
  constructor(file: string, failed: (message: string) => void) {
    this.#file = new TraceFile(file, failed);
  }

  attach(vm: VmHandle): void {
    for (const { hooks } of vm.vcpus) {
      hooks.guestExit.tap('qvm trace', (event) => this.#record(event, 'exit'));
      hooks.guestEntrance.tap('qvm trace', (event) => this.#record(event, 'enter'));
    }
  }

  close(): void {
    this.#flush();
    this.#file.close();
  }

  #record({ vcpu, cause, vdev, instructions, time }: GuestExitEvent, event: string): void {
    const place = `0x${vcpu.pc.toString(16)}`;
    this.#text += `${time} ${vcpu.index} ${event} ${cause} ${place} ${instructions} ${vdev ?? '-'}\n`;
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush();
  }

  #flush(): void {
    this.#file.write(new TextEncoder().encode(this.#text));
    this.#text = '';
  }
}
