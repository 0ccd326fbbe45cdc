const CTRL_A = 1;

/** A command that a user can give by Ctrl-A and a letter. */
export interface EscapeKey {
  /** Its letters, in lower case; the first one is shown in the help. */
  readonly letters: string;
  readonly help: string;
  readonly run: () => void;
}

/** The help on the terminal. */
export function escapeHelp(keys: readonly EscapeKey[]): readonly string[] {
  const lines = keys.map(({ letters, help }) => `Ctrl-A ${letters.charAt(0)}   ${help}`);
  return ['Ctrl-A h   this help', ...lines, 'Ctrl-A a   send Ctrl-A to the guest (or Ctrl-A Ctrl-A)'];
}

/** Removes commands from typed input: Ctrl-A and a letter. Ctrl-A is also removed with other letters. */
export class EscapeFilter {
  readonly #keys: readonly EscapeKey[];
  readonly #showHelp: (lines: readonly string[]) => void;
  #escaped = false;

  /** @param showHelp - shows the help, for Ctrl-A h and Ctrl-A ?. */
  constructor(keys: readonly EscapeKey[], showHelp: (lines: readonly string[]) => void) {
    this.#keys = keys;
    this.#showHelp = showHelp;
  }

  /** Returns the input for the guest. */
  readonly filter = (bytes: Uint8Array): Uint8Array => {
    if (!this.#escaped && !bytes.includes(CTRL_A)) return bytes;
    const passed: number[] = [];
    for (const byte of bytes) {
      if (!this.#escaped) {
        this.#escaped = byte === CTRL_A;
        if (!this.#escaped) passed.push(byte);
        continue;
      }
      this.#escaped = false;
      const letter = String.fromCharCode(byte).toLowerCase();
      if (byte === CTRL_A || letter === 'a') passed.push(CTRL_A);
      else this.#obey(letter);
    }
    return Uint8Array.from(passed);
  };

  #obey(letter: string): void {
    if (letter === 'h' || letter === '?') this.#showHelp(escapeHelp(this.#keys));
    else this.#keys.find(({ letters }) => letters.includes(letter))?.run();
  }
}
