import { X86Decoder, x86Rows } from '@qvm/isa-x86_64';
import type { DecoderMode } from '@qvm/isa-x86_64';
import { STRING_BYTES } from './byte-strings.js';

/** The row of opcodes that 64-bit mode does not have. */
const INVALID = 'UD (64-bit mode)';

/** Decodes single strings, as the engine does with code. */
export class StringDecoder {
  readonly #decoder: X86Decoder;
  readonly #data = new DataView(new ArrayBuffer(2 * STRING_BYTES));

  constructor(mode: DecoderMode) {
    this.#decoder = new X86Decoder(x86Rows, mode);
  }

  /** The length of the instruction that a string begins with; 0 if it does not exist. */
  lengthOf(bytes: Uint8Array): number {
    return this.#lengthWithin(bytes, STRING_BYTES);
  }

  /** Whether the instruction that a string begins with is longer than an instruction can be. */
  isTooLong(bytes: Uint8Array): boolean {
    return this.#decoder.isTooLong(bytes);
  }

  /** Lengths from 1 on that a string can be cut to without the decoder asking for more bytes although they are missing. */
  *wrongCuts(bytes: Uint8Array, length: number): Generator<number> {
    for (let end = 1; end < length; end++) if (this.#lengthWithin(bytes, end) >= 0) yield end;
    if (length > 0 && this.#lengthWithin(bytes, length) !== length) yield length;
  }

  /** −1 if more bytes are needed than the string has up to `end`. */
  #lengthWithin(bytes: Uint8Array, end: number): number {
    for (let i = 0; i < STRING_BYTES; i++) this.#data.setUint8(i, bytes[i] as number);
    const key = this.#decoder.keyAt({ data: this.#data }, 0, end);
    if (key < 0) return -1;
    const row = this.#decoder.find(key)?.row;
    return row === undefined || row.name === INVALID ? 0 : this.#decoder.lengthOf(key);
  }
}
