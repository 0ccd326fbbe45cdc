import { Mismatch } from './assembly-error.js';

/** Largest size of an image in bytes. */
const MAXIMUM_SIZE = 64 * 1024 * 1024;

/** A growing sequence of bytes from an origin. @experimental */
export class Section {
  #bytes = new Uint8Array(4096);
  #size = 0;

  constructor(
    /** Address of the first byte. */
    readonly origin: bigint,
  ) {}

  /** Address of the next byte. */
  get address(): bigint {
    return this.origin + BigInt(this.#size);
  }

  /** A copy of all bytes. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  /** Appends `value` in `size` bytes, little-endian, truncated. */
  value(value: bigint, size: number): void {
    this.#reserve(size);
    for (let i = 0; i < size; i++) this.#bytes[this.#size++] = Number((value >> BigInt(8 * i)) & 0xffn);
  }

  /** Appends bytes. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** Appends the byte `fill` `count` times. */
  space(count: number, fill = 0): void {
    this.#reserve(count);
    this.#bytes.fill(fill, this.#size, this.#size + count);
    this.#size += count;
  }

  /** Appends zeros up to a multiple of `alignment`. */
  align(alignment: number): void {
    const over = Number(this.address % BigInt(alignment));
    if (over > 0) this.space(alignment - over);
  }

  #reserve(count: number): void {
    const needed = this.#size + count;
    if (!(count >= 0) || needed > MAXIMUM_SIZE) throw new Mismatch(`an image of at most ${MAXIMUM_SIZE} bytes`, 0);
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
