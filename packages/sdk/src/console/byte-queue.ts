/** A queue of bytes, stored as the chunks in which they arrived. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends a copy, because callers may reuse their array. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes.slice());
    this.#length += bytes.length;
  }

  /** Removes and returns up to `max` bytes from the front. */
  take(max: number = this.#length): Uint8Array {
    const size = Math.min(Math.max(0, max), this.#length);
    const first = this.#chunks[0];
    if (first !== undefined && first.length === size) {
      this.#chunks.shift();
      this.#length -= size;
      return first;
    }
    const result = new Uint8Array(size);
    let filled = 0;
    while (filled < size) filled += this.#moveInto(result, filled);
    this.#length -= size;
    return result;
  }

  /** The first chunk, which stays in the queue; empty when the queue is. */
  peek(): Uint8Array {
    return this.#chunks[0] ?? new Uint8Array(0);
  }

  /** Drops bytes from the front until at most `max` are left; returns the number of dropped bytes. */
  truncate(max: number): number {
    const excess = Math.max(0, this.#length - max);
    this.take(excess);
    return excess;
  }

  #moveInto(target: Uint8Array, at: number): number {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return target.length;
    const part = chunk.subarray(0, target.length - at);
    target.set(part, at);
    if (part.length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(part.length);
    return part.length;
  }
}
