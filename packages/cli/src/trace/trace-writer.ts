import { closeSync, openSync, writeSync } from 'node:fs';
import type { GuestExitEvent } from '@qvm/core';
import type { VmHandle } from '@qvm/sdk';
import { CliError } from '../report/report-error.js';

const FLUSH_CHARACTERS = 0x1_0000;
/** `VmExitCode.StartFailed`: nothing has run yet. */
const START_FAILED = 64;

const HEADER = '# qvm trace 1\n# time(ns) vcpu event cause pc instructions vdev\n';

/**
 * Writes the guest exits and entrances of a VM as lines of text. Under instruction-counted time two runs with the same
 * input give the same bytes. The format is described in docs/cli.md.
 */
export class TraceWriter {
  readonly #file: string;
  readonly #failed: (message: string) => void;
  #descriptor: number | undefined;
  #text = HEADER;

  /**
   * @param failed - told once when the file cannot be written any more; the trace ends there, the VM goes on.
   * @throws CliError when the file cannot be made.
   */
  constructor(file: string, failed: (message: string) => void) {
    this.#file = file;
    this.#failed = failed;
    try {
      this.#descriptor = openSync(file, 'w');
    } catch (cause) {
      throw new CliError(`the trace "${file}" cannot be written`, START_FAILED, { cause });
    }
  }

  /** Taps the vCPUs; before the VM starts. */
  attach(vm: VmHandle): void {
    for (const { hooks } of vm.vcpus) {
      hooks.guestExit.tap('qvm trace', (event) => this.#record(event, 'exit'));
      hooks.guestEntrance.tap('qvm trace', (event) => this.#record(event, 'enter'));
    }
  }

  close(): void {
    this.#flush();
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #record({ vcpu, cause, vdev, instructions, time }: GuestExitEvent, event: string): void {
    const place = `0x${vcpu.pc.toString(16)}`;
    this.#text += `${time} ${vcpu.index} ${event} ${cause} ${place} ${instructions} ${vdev ?? '-'}\n`;
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush();
  }

  #flush(): void {
    const bytes = new TextEncoder().encode(this.#text);
    this.#text = '';
    if (this.#descriptor === undefined) return;
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done);
    } catch (error) {
      this.#failed(`the trace "${this.#file}" ends here: ${error instanceof Error ? error.message : String(error)}`);
      closeSync(this.#descriptor);
      this.#descriptor = undefined;
    }
  }
}
