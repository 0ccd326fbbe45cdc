import type { Disposable } from '@qvm/core';
import type { ConsoleStream } from '@qvm/sdk';
import { CONSOLE_WINDOW } from './messages.js';

/** Largest number of input bytes that wait for the guest; beyond it, the sender waits, too. */
const MAX_WAITING_INPUT = 0x1_0000;

/**
 * Forwards one console of a VM to another thread. The number of bytes in transit is limited to a window; further
 * output stays in the console, which keeps a bounded amount and drops the oldest.
 */
export class ConsoleRelay {
  readonly #console: ConsoleStream;
  readonly #send: (bytes: Uint8Array<ArrayBuffer>) => void;
  #listening: Disposable | undefined;
  #underWay = 0;

  constructor(console: ConsoleStream, send: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#console = console;
    this.#send = send;
    this.#listen();
  }

  /** Reports that the other thread has processed `bytes` bytes. */
  taken(bytes: number): void {
    this.#underWay = Math.max(0, this.#underWay - bytes);
    if (this.#underWay < CONSOLE_WINDOW) this.#listen();
  }

  /** Sets the size of the terminal at the other end. */
  resize(columns: number, rows: number): void {
    this.#console.resize(columns, rows);
  }

  /** Resolves when the guest has taken enough input that more may follow, or will never take any. */
  input(bytes: Uint8Array): Promise<undefined> {
    this.#console.send(bytes);
    if (this.#console.closed || this.#console.waiting <= MAX_WAITING_INPUT) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const done = (): void => {
        drained.dispose();
        closed.dispose();
        resolve(undefined);
      };
      const drained = this.#console.onDrained(done);
      const closed = this.#console.onClosed(done);
    });
  }

  #listen(): void {
    this.#listening ??= this.#console.onOutput((bytes) => {
      this.#underWay += bytes.length;
      // Copied for the other thread, because a view may be part of something larger.
      this.#send(bytes.slice());
      if (this.#underWay >= CONSOLE_WINDOW) this.#unlisten();
    });
  }

  #unlisten(): void {
    this.#listening?.dispose();
    this.#listening = undefined;
  }
}
