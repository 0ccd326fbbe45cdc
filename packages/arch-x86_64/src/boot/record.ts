/** Little-endian fields of a structure that a boot protocol defines. */
export class Record {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(offset: number, value: number): this {
    this.#view.setUint8(offset, value);
    return this;
  }

  u16(offset: number, value: number): this {
    this.#view.setUint16(offset, value, true);
    return this;
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  /** A number below 2^53. */
  u64(offset: number, value: number): this {
    this.#view.setBigUint64(offset, BigInt(value), true);
    return this;
  }

  set(offset: number, bytes: Uint8Array): this {
    this.bytes.set(bytes, offset);
    return this;
  }
}

/** A text with a NUL at its end. */
export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);
