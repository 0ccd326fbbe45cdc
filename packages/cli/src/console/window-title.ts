import type { Writable } from 'node:stream';

/*
 * Xterm's control sequences, which most terminals support: CSI 22 ; 0 t and CSI 23 ; 0 t save and restore the window's
 * title, OSC 0 sets it.
 */
const SAVE = '\u001b[22;0t';
const RESTORE = '\u001b[23;0t';

/** The title of the terminal's window, for status lines that would disturb a console. */
export class WindowTitle {
  readonly #output: Writable;
  #changed = false;

  constructor(output: Writable) {
    this.#output = output;
  }

  /** @param text - without control characters. */
  readonly show = (text: string): void => {
    this.#output.write(`${this.#changed ? '' : SAVE}\u001b]0;${text}\u0007`);
    this.#changed = true;
  };

  /** Restores the window's previous title. */
  dispose(): void {
    if (this.#changed) this.#output.write(RESTORE);
    this.#changed = false;
  }
}
