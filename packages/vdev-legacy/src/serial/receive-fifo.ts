/** Depth of the receive FIFO while it is enabled: that of the 16550 and of the PL011 before r1p5 (DDI 0183 §2.3.1). */
export const FIFO_DEPTH = 16;

/**
 * The receive FIFO: 16 characters, or one while the FIFOs are disabled.
 *
 * Characters in it when the guest disables the FIFOs are kept until they are read: existing drivers disable FIFOs
 * while they change the line's settings, and input must not be lost.
 *
 * @internal
 */
export class ReceiveFifo {
  readonly #characters = new Uint8Array(FIFO_DEPTH);
  #head = 0;
  #count = 0;
  #depth = 1;

  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count >= this.#depth;
  }

  /** Number of further characters that fit. */
  get room(): number {
    return Math.max(0, this.#depth - this.#count);
  }

  /** Enables (16 characters) or disables (1 character) the FIFO. */
  enable(enabled: boolean): void {
    this.#depth = enabled ? FIFO_DEPTH : 1;
  }

  clear(): void {
    this.#head = 0;
    this.#count = 0;
  }

  /** Appends a character. The caller must have checked `isFull`. */
  push(character: number): void {
    this.#characters[(this.#head + this.#count) % FIFO_DEPTH] = character;
    this.#count++;
  }

  /** Removes and returns the oldest character; 0 when there is none. */
  shift(): number {
    if (this.#count === 0) {
      return 0;
    }
    const character = this.#characters[this.#head] ?? 0;
    this.#head = (this.#head + 1) % FIFO_DEPTH;
    this.#count--;
    return character;
  }

  toArray(): number[] {
    return Array.from({ length: this.#count }, (_, index) => this.#characters[(this.#head + index) % FIFO_DEPTH] ?? 0);
  }

  /** Replaces the contents with at most {@link FIFO_DEPTH} characters. */
  load(characters: readonly number[]): void {
    this.clear();
    characters.forEach((character) => this.push(character));
  }
}
