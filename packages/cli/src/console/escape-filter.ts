const CTRL_A = 1;

/** What a user can ask for by Ctrl-A and a letter. */
export type ConsoleCommand = 'end' | 'stop' | 'help' | 'status';

const COMMANDS: Readonly<Record<string, ConsoleCommand>> = { x: 'end', p: 'stop', h: 'help', '?': 'help', s: 'status' };

/** The help on the terminal. */
export const ESCAPE_HELP = [
  'Ctrl-A h   this help',
  'Ctrl-A x   cut the power (exit code 3)',
  'Ctrl-A p   press the power button',
  'Ctrl-A s   statistics',
  'Ctrl-A a   send Ctrl-A to the guest (or Ctrl-A Ctrl-A)',
] as const;

/**
 * Takes commands out of what is typed: Ctrl-A and a letter. Other letters after Ctrl-A are swallowed with it.
 */
export class EscapeFilter {
  readonly #command: (command: ConsoleCommand) => void;
  #escaped = false;

  constructor(command: (command: ConsoleCommand) => void) {
    this.#command = command;
  }

  /** What the guest shall get. */
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
      const command = Object.hasOwn(COMMANDS, letter) ? COMMANDS[letter] : undefined;
      if (byte === CTRL_A || letter === 'a') passed.push(CTRL_A);
      else if (command !== undefined) this.#command(command);
    }
    return Uint8Array.from(passed);
  };
}
