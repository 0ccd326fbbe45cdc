/**
 * WebAssembly value types, by their binary encoding.
 *
 * @experimental
 */
export enum Ty {
  /** Integer of 32 bits. */
  i32 = 0x7f,
  /** Integer of 64 bits. */
  i64 = 0x7e,
  /** Floating-point number of 32 bits. */
  f32 = 0x7d,
  /** Floating-point number of 64 bits. */
  f64 = 0x7c,
  /** Vector of 128 bits. */
  v128 = 0x7b,
}

const VOID_BLOCK = 0x40;

/**
 * A growing byte buffer with WebAssembly's encodings. It tracks label depths, so that branches name blocks instead of
 * counting.
 *
 * @experimental
 */
export class CodeBuffer {
  #bytes: Uint8Array;
  #length = 0;
  /** Number of open blocks at this point. */
  depth = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Number of bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Drops all bytes and open blocks; the memory is kept for new ones. */
  clear(): void {
    this.#length = 0;
    this.depth = 0;
  }

  /** The bytes written so far, valid until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of the bytes written so far. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Appends one byte: the low 8 bits of `value`. */
  byte(value: number): this {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** Overwrites a byte. */
  patch(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  /** Appends a copy of bytes. */
  append(bytes: Uint8Array): this {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Appends an unsigned LEB128 of 32 bits. */
  unsigned(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** Appends a signed LEB128 of 32 bits. */
  signed(value: number): this {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    return this.byte(rest & 0x7f);
  }

  /** Signed LEB128 of the 64-bit value with these halves. */
  signed64(lo: number, hi: number): this {
    let low = lo | 0;
    let high = hi | 0;
    while (!(high === low >> 31 && low >= -64 && low <= 63)) {
      this.byte((low & 0x7f) | 0x80);
      low = (low >>> 7) | (high << 25);
      high >>= 7;
    }
    return this.byte(low & 0x7f);
  }

  /** Appends a name: its length in UTF-8 bytes, then these. */
  name(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.unsigned(bytes.length).append(bytes);
  }

  /** An instruction without immediates. Prefixed opcodes have the prefix in the high byte: `0xfd0c`, `0xfe10`. */
  op(opcode: number): this {
    return opcode > 0xff ? this.byte(opcode >>> 8).unsigned(opcode & 0xff) : this.byte(opcode);
  }

  /** `i32.const`. */
  i32(value: number): this {
    return this.byte(0x41).signed(value);
  }

  /** `i64.const`, of the value with these halves; by default, `lo` with its sign extended. */
  i64(lo: number, hi: number = lo >> 31): this {
    return this.byte(0x42).signed64(lo, hi);
  }

  /** `local.get`. */
  get(local: number): this {
    return this.byte(0x20).unsigned(local);
  }

  /** `local.set`. */
  set(local: number): this {
    return this.byte(0x21).unsigned(local);
  }

  /** `local.tee`. */
  tee(local: number): this {
    return this.byte(0x22).unsigned(local);
  }

  /** `global.get`. */
  global(index: number): this {
    return this.byte(0x23).unsigned(index);
  }

  /** `call` of the function with this index. */
  call(func: number): this {
    return this.byte(0x10).unsigned(func);
  }

  /** A call that replaces the rest of the function (Tail Call proposal). */
  returnCall(func: number): this {
    return this.byte(0x12).unsigned(func);
  }

  /** A load or store with its immediates; `align` is log2 of the alignment and must not exceed the natural one. */
  memory(opcode: number, offset: number, align = 0): this {
    return this.op(opcode).unsigned(align).unsigned(offset);
  }

  /** Opens a block and returns its label for {@link br}. */
  block(result: Ty | undefined = undefined): number {
    this.byte(0x02).byte(result ?? VOID_BLOCK);
    return ++this.depth;
  }

  /** Opens a loop and returns its label: {@link CodeBuffer.br} to it continues at its start. */
  loop(): number {
    this.byte(0x03).byte(VOID_BLOCK);
    return ++this.depth;
  }

  /** Opens the first branch of an `if`, whose condition is an i32 on the stack, and returns its label. */
  if(result: Ty | undefined = undefined): number {
    this.byte(0x04).byte(result ?? VOID_BLOCK);
    return ++this.depth;
  }

  /** Opens the second branch of the innermost `if`. */
  else(): this {
    return this.byte(0x05);
  }

  /** Closes the innermost block, loop or `if`. */
  end(): this {
    this.depth--;
    return this.byte(0x0b);
  }

  /** `br` to an open block, by its label. */
  br(label: number): this {
    return this.byte(0x0c).unsigned(this.depth - label);
  }

  /** `br_if` to an open block, by its label; the condition is an i32 on the stack. */
  brIf(label: number): this {
    return this.byte(0x0d).unsigned(this.depth - label);
  }

  /** A branch table: `labels` in order, then the default. */
  brTable(labels: ArrayLike<number>, fallback: number): this {
    this.byte(0x0e).unsigned(labels.length);
    for (let i = 0; i < labels.length; i++) this.unsigned(this.depth - (labels[i] as number));
    return this.unsigned(this.depth - fallback);
  }

  #grow(by: number): void {
    const next = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + by));
    next.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = next;
  }
}
