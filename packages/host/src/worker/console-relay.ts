import type { Disposable } from '@qvm/core';
import type { ConsoleStream } from '@qvm/sdk';
import { CONSOLE_WINDOW } from './messages.js';

/** Input that waits for the guest; beyond it, who sends waits too. */
const MAX_WAITING_INPUT = 0x1_0000;

/**
 * One console of a VM, passed on to another thread. At most a window's bytes are on their way; what comes meanwhile stays
 * in the console, which keeps a bounded amount and drops the oldest.
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

  /** So many bytes have arrived over there. */
  taken(bytes: number): void {
    this.#underWay = Math.max(0, this.#underWay - bytes);
    if (this.#underWay < CONSOLE_WINDOW) this.#listen();
  }

  /** The terminal over there has this size. */
  resize(columns: number, rows: number): void {
    this.#console.resize(columns, rows);
  }

  /** Resolves when the guest has taken so much that more may follow, or will never take any. */
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
      // The other thread gets a copy of its own: a view may be of something larger.
      this.#send(bytes.slice());
      if (this.#underWay >= CONSOLE_WINDOW) this.#unlisten();
    });
  }

  #unlisten(): void {
    this.#listening?.dispose();
    this.#listening = undefined;
  }
}
