import type { Writable } from 'node:stream';
import type { FetchProgress } from '@qvm/guests';

const BAR_WIDTH = 24;

/** Shows the progress of a fetch: a bar on a terminal, otherwise a line for each step. */
export class ProgressDisplay {
  readonly #output: Writable;
  readonly #live: boolean;
  #message = '';
  #shown = false;

  constructor(output: Writable & { readonly isTTY?: boolean }) {
    this.#output = output;
    this.#live = output.isTTY === true;
  }

  readonly report = (progress: FetchProgress): void => {
    if (this.#live) this.#draw(progress);
    else if (progress.message !== this.#message) this.#output.write(`${progress.message}\n`);
    this.#message = progress.message;
  };

  /** Keeps the last state on a line of its own. */
  end(): void {
    if (this.#shown) this.#output.write('\n');
    this.#shown = false;
  }

  #draw({ message, fraction }: FetchProgress): void {
    if (this.#shown && message !== this.#message) this.#output.write('\n');
    const filled = Math.round((fraction ?? 0) * BAR_WIDTH);
    const bar =
      fraction === undefined
        ? ''
        : ` [${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${Math.round(fraction * 100)}%`;
    this.#output.write(`\r\u001b[K${message}${bar}`);
    this.#shown = true;
  }
}
