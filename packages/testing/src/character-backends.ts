import type { CharacterBackend } from '@qvm/core/services';

/**
 * A back end without a peer: output is discarded, and input never arrives.
 *
 * @experimental
 */
export class NullBackend implements CharacterBackend {
  readonly available = 0;

  write(_bytes: Uint8Array): void {
    // Output is discarded.
  }

  read(_max: number): Uint8Array {
    return new Uint8Array(0);
  }

  onInput(_listener: (() => void) | undefined): void {
    // Input never arrives, so the listener is never called.
  }

  flush(): void {
    // Nothing is buffered.
  }

  close(): void {
    // There is nothing to close.
  }
}

/**
 * A back end that returns all output as input.
 *
 * @experimental
 */
export class LoopbackBackend implements CharacterBackend {
  #waiting: number[] = [];
  #listener: (() => void) | undefined;

  write(bytes: Uint8Array): void {
    this.#waiting.push(...bytes);
    this.#listener?.();
  }

  read(max: number): Uint8Array {
    return Uint8Array.from(this.#waiting.splice(0, max));
  }

  get available(): number {
    return this.#waiting.length;
  }

  onInput(listener: (() => void) | undefined): void {
    this.#listener = listener;
  }

  flush(): void {
    // Output is passed on at once, so there is nothing to flush.
  }

  close(): void {
    this.#listener = undefined;
    this.#waiting = [];
  }
}
