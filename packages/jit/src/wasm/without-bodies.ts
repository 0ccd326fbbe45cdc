import { CodeBuffer } from './code-buffer.js';

const HEADER_BYTES = 8;
const CODE_SECTION = 10;
/** No locals, `unreachable`, `end`. */
const TRAP = Uint8Array.of(0, 0x00, 0x0b);

/**
 * A copy of a module of `ModuleWriter` in which functions trap instead of what they did, so that it is smaller.
 *
 * @param keep - whether a function, by its number among those that the module defines, is left as it is.
 * @throws RangeError for bytes that are no module.
 * @experimental
 */
export function withoutBodies(module: Uint8Array, keep: (index: number) => boolean): Uint8Array {
  const out = new CodeBuffer(module.length);
  const reader = new Reader(module);
  out.append(reader.bytes(HEADER_BYTES));
  while (!reader.atEnd) {
    const id = reader.byte();
    const content = reader.bytes(reader.unsigned());
    const written = id === CODE_SECTION ? codeWithout(content, keep) : content;
    out.byte(id).unsigned(written.length).append(written);
  }
  return out.toBytes();
}

function codeWithout(content: Uint8Array, keep: (index: number) => boolean): Uint8Array {
  const out = new CodeBuffer(content.length);
  const reader = new Reader(content);
  const count = reader.unsigned();
  out.unsigned(count);
  for (let i = 0; i < count; i++) {
    const body = reader.bytes(reader.unsigned());
    const written = keep(i) ? body : TRAP;
    out.unsigned(written.length).append(written);
  }
  return out.toBytes();
}

/** Reads the binary format. */
class Reader {
  #at = 0;

  constructor(private readonly source: Uint8Array) {}

  get atEnd(): boolean {
    return this.#at >= this.source.length;
  }

  byte(): number {
    const byte = this.source[this.#at++];
    if (byte === undefined) throw new RangeError('the module is truncated');
    return byte;
  }

  /** An unsigned LEB128 of 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number of the module is too long');
  }

  bytes(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.source.length) throw new RangeError('the module is truncated');
    const bytes = this.source.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}
