import type { ReadStream } from 'node:tty';
import { TerminalWatcher } from './terminal-watcher.js';

/**
 * The terminal in raw mode, in which every key goes to the guest. Restores it however the process ends: by itself, or
 * by a watcher.
 */
export class RawTerminal {
  readonly #input: ReadStream & { readonly fd: number };
  #watcher: TerminalWatcher | undefined;
  #raw = false;

  constructor(input: ReadStream & { readonly fd: number }) {
    this.#input = input;
    process.on('exit', this.leave);
    process.on('SIGCONT', this.#again);
  }

  enter(): void {
    this.#watcher = new TerminalWatcher(this.#input.fd);
    this.#input.setRawMode(true);
    this.#raw = true;
  }

  readonly leave = (): void => {
    if (this.#raw && !this.#input.destroyed) this.#input.setRawMode(false);
    this.#raw = false;
    this.#watcher?.end();
    this.#watcher = undefined;
    process.off('exit', this.leave);
    process.off('SIGCONT', this.#again);
  };

  /** Sets raw mode again, because a shell sets its own mode while the process is stopped. */
  readonly #again = (): void => {
    if (!this.#raw) return;
    this.#input.setRawMode(false);
    this.#input.setRawMode(true);
  };
}
