import { NO_VCPU } from '../event.js';
import { STRING_LIMIT } from '../recorder/string-table.js';
import { malformed } from './malformed.js';
import { LastValues, MASK_VCPU, Value, VALUES, VARINT_BYTES } from './record-values.js';

/** Times are exact below, and so are differences of streams' origins. */
export const TIME_LIMIT = 2 ** 52;

/** Reads the records of one chunk one by one, each into the same place. Trusts nothing. */
export class RecordDecoder {
  /** Nanoseconds since the stream's origin, of the record that was read last; like all that follows. */
  time = 0;
  id = 0;
  vcpu = NO_VCPU;
  /** Its {@link Value}s: two words for each, low half first. */
  words: Uint32Array = new Uint32Array(2 * VALUES);
  readonly #last = new LastValues();
  #at = 0;
  /** The number that was read last. */
  #lo = 0;
  #hi = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /**
   * Reads the next record.
   *
   * @returns whether there was one.
   * @throws QvmError `trace.format`.
   */
  next(): boolean {
    const { bytes } = this;
    if (this.#at >= bytes.length) return false;
    this.id = this.#byte();
    const mask = this.#byte();
    if ((mask & MASK_VCPU) !== 0) this.vcpu = this.#byte();
    this.#varint();
    this.time += this.#hi * 0x1_0000_0000 + this.#lo;
    if (this.time > TIME_LIMIT) throw malformed('a record has an impossible time');
    this.words = this.#last.of(this.id, this.vcpu);
    for (let value = 0; value < VALUES; value++) if ((mask & (1 << value)) !== 0) this.#change(value);
    this.#check();
    return true;
  }

  #change(value: Value): void {
    this.#varint();
    const { words } = this;
    const index = 2 * value;
    const sign = -(this.#lo & 1);
    const low = (((this.#lo >>> 1) | (this.#hi << 31)) ^ sign) >>> 0;
    const high = (this.#hi >>> 1) ^ sign;
    const sum = (words[index] as number) + low;
    words[index] = sum;
    words[index + 1] = (words[index + 1] as number) + high + (sum > 0xffff_ffff ? 1 : 0);
  }

  /** Values that have fewer than 64 bits do not exceed theirs. */
  #check(): void {
    const { words } = this;
    for (let value: Value = Value.vm; value <= Value.detail; value++) {
      if ((words[2 * value] as number) >= STRING_LIMIT || words[2 * value + 1] !== 0)
        throw malformed('a record has an impossible string');
    }
    if ((words[2 * Value.a + 1] as number) >= 0x20_0000 || words[2 * Value.b + 1] !== 0)
      throw malformed('a record has an impossible value');
  }

  #byte(): number {
    const byte = this.bytes[this.#at++];
    if (byte === undefined) throw malformed('a record is cut off');
    return byte;
  }

  /** Reads a number of 64 bits, seven bits in each byte, the low ones first. */
  #varint(): void {
    let [lo, hi] = [0, 0];
    for (let n = 0; n < VARINT_BYTES; n++) {
      const byte = this.#byte();
      const shift = 7 * n;
      if (shift < 32) lo |= (byte & 0x7f) << shift;
      if (shift > 25) hi |= shift < 32 ? (byte & 0x7f) >>> (32 - shift) : (byte & 0x7f) << (shift - 32);
      if (byte >= 0x80) continue;
      if (n === VARINT_BYTES - 1 && byte > 1) break;
      this.#lo = lo >>> 0;
      this.#hi = hi >>> 0;
      return;
    }
    throw malformed('a record has a number of more than 64 bits');
  }
}
