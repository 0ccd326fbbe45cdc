const LINE_FEED = 10;
const FIRST_BYTES = 256;

/** Splits a stream of bytes into lines of bounded length. */
export class LineReader {
  readonly #limit: number;
  #kept = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** @param limit - largest length of a line in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether there is an incomplete line. */
  get unfinished(): boolean {
    return this.#length !== 0;
  }

  /**
   * The lines that `bytes` completes, without their line feeds.
   *
   * @throws RangeError when a line is too long, TypeError when one is not UTF-8.
   */
  *add(bytes: Uint8Array): Generator<string, void, undefined> {
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      this.#keep(bytes.subarray(from, end));
      from = end + 1;
      yield this.#take();
    }
    this.#keep(bytes.subarray(from));
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#limit) throw new RangeError(`a line has more than ${this.#limit} bytes`);
    if (needed > this.#kept.length) {
      const larger = new Uint8Array(Math.max(needed, this.#kept.length * 2));
      larger.set(this.#kept.subarray(0, this.#length));
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#length);
    this.#length = needed;
  }

  #take(): string {
    const line = new TextDecoder('utf-8', { fatal: true }).decode(this.#kept.subarray(0, this.#length));
    this.#length = 0;
    // A long line is an exception; its buffer is not kept for the next one.
    if (this.#kept.length > 0x1_0000) this.#kept = new Uint8Array(FIRST_BYTES);
    return line;
  }
}
