import { requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';

/** A byte is in bits 7–0, and this says that it comes from the mouse. */
const FROM_MOUSE = 0x100;
const LARGEST = FROM_MOUSE | 0xff;

/**
 * A place for one byte and where it comes from.
 *
 * @internal
 */
export class OutputPlace {
  #content: number | undefined;

  get isFull(): boolean {
    return this.#content !== undefined;
  }

  get fromMouse(): boolean {
    return ((this.#content ?? 0) & FROM_MOUSE) !== 0;
  }

  get byte(): number {
    return (this.#content ?? 0) & 0xff;
  }

  put(byte: number, fromMouse: boolean): void {
    this.#content = byte | (fromMouse ? FROM_MOUSE : 0);
  }

  clear(): void {
    this.#content = undefined;
  }

  /** Takes over the byte of another place, and clears that. */
  takeFrom(other: OutputPlace): void {
    this.#content = other.#content;
    other.#content = undefined;
  }

  save(): Json {
    return this.#content ?? null;
  }

  /**
   * Validates a saved state, and changes nothing.
   *
   * @throws VdevStateError
   */
  decode(saved: unknown, what: string): () => void {
    const content = saved === null ? undefined : requireUnsigned(saved, LARGEST, what);
    return () => {
      this.#content = content;
    };
  }
}
