import type { CharacterBackend } from '@qvm/core/services';

/**
 * A back end without a peer: output is discarded, input never comes.
 *
 * @experimental
 */
export class NullBackend implements CharacterBackend {
  readonly available = 0;

  write(_bytes: Uint8Array): void {
    // Dropping it is the purpose.
  }

  read(_max: number): Uint8Array {
    return new Uint8Array(0);
  }

  onInput(_listener: (() => void) | undefined): void {
    // There is never any input to tell of.
  }

  flush(): void {
    // Nothing is ever buffered.
  }

  close(): void {
    // Nothing is ever open.
  }
}

/**
 * A back end that gives back as input whatever is sent to it.
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
    // Bytes are handed over as they come.
  }

  close(): void {
    this.#listener = undefined;
    this.#waiting = [];
  }
}
