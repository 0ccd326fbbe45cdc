import type { CharacterBackend, TerminalSize } from '@qvm/core/services';

/**
 * A character back end for tests, which provide input and inspect the output.
 *
 * @experimental
 */
export class ScriptedCharacterBackend implements CharacterBackend {
  /** All bytes that the guest has sent. */
  readonly written: number[] = [];
  readonly #input: number[] = [];
  #listener: (() => void) | undefined;
  #resized: (() => void) | undefined;
  #size: TerminalSize | undefined;
  #flushes = 0;
  #closed = false;

  /** The output of the guest so far, as Latin-1 text. */
  get output(): string {
    return this.written.map((byte) => String.fromCharCode(byte)).join('');
  }

  /** Number of calls of `flush`. */
  get flushes(): number {
    return this.#flushes;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a device listens for input. */
  get hasListener(): boolean {
    return this.#listener !== undefined;
  }

  /** Provides input for the guest: bytes, or the bytes of a Latin-1 text. The device is notified at once. */
  feed(input: string | Iterable<number>): void {
    const bytes = typeof input === 'string' ? Array.from(input, (character) => character.charCodeAt(0)) : [...input];
    this.#input.push(...bytes.map((byte) => byte & 0xff));
    this.#listener?.();
  }

  write(bytes: Uint8Array): void {
    this.written.push(...bytes);
  }

  read(max: number): Uint8Array {
    return Uint8Array.from(this.#input.splice(0, max));
  }

  get available(): number {
    return this.#input.length;
  }

  onInput(listener: (() => void) | undefined): void {
    this.#listener = listener;
  }

  get terminalSize(): TerminalSize | undefined {
    return this.#size;
  }

  onResize(listener: (() => void) | undefined): void {
    this.#resized = listener;
  }

  /** Changes the size of the terminal. The device is notified at once. */
  resize(columns: number, rows: number): void {
    this.#size = { columns, rows };
    this.#resized?.();
  }

  flush(): void {
    this.#flushes++;
  }

  close(): void {
    this.#closed = true;
  }
}
