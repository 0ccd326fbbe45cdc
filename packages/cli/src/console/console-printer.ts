import type { Writable } from 'node:stream';

const LINE_FEED = 10;
/** Longer lines are printed in parts. */
const LONGEST_LINE = 4096;
/** Colours that can be distinguished on dark and light backgrounds: cyan, yellow, magenta, green, blue, red. */
const COLOURS = [36, 33, 35, 32, 34, 31];

/**
 * Prints the consoles of several VMs on one stream: whole lines, each with its VM's name as prefix. One console may
 * pass through unchanged; lines of others interrupt an unfinished line of it and start on a new line.
 */
export class ConsolePrinter {
  readonly #output: Writable & { readonly isTTY?: boolean };
  readonly #prefixes: ReadonlyMap<string, string>;
  readonly #open = new Map<string, number[]>();
  /** Whether the console that passes through is in the middle of a line. */
  #withinLine = false;

  /** @param names - names of the VMs, for the width of the prefix. */
  constructor(output: Writable & { readonly isTTY?: boolean }, names: readonly string[]) {
    this.#output = output;
    const width = Math.max(...names.map((name) => name.length));
    const coloured = output.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
    this.#prefixes = new Map(
      names.map((name, index) => {
        const text = `${name.padEnd(width)} | `;
        const colour = COLOURS[index % COLOURS.length] ?? 0;
        return [name, coloured ? `\u001b[${colour}m${text}\u001b[0m` : text];
      }),
    );
  }

  /** Output of a VM. */
  print(name: string, bytes: Uint8Array): void {
    const line = this.#open.get(name) ?? [];
    for (const byte of bytes) {
      if (byte !== LINE_FEED) line.push(byte);
      if (byte === LINE_FEED || line.length >= LONGEST_LINE) this.#write(name, line.splice(0));
    }
    this.#open.set(name, line);
  }

  /** Output of the console that passes through unchanged. */
  passThrough(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#withinLine = bytes.at(-1) !== LINE_FEED;
    this.#output.write(bytes);
  }

  /** Prints unfinished lines. */
  end(): void {
    for (const [name, line] of this.#open) if (line.length !== 0) this.#write(name, line.splice(0));
  }

  #write(name: string, line: readonly number[]): void {
    const text = new TextDecoder().decode(Uint8Array.from(line)).replace(/\r+$/, '');
    this.#output.write(`${this.#withinLine ? '\n' : ''}${this.#prefixes.get(name) ?? ''}${text}\n`);
    this.#withinLine = false;
  }
}
