import { LONGEST } from './parser.js';

/** Number of strings that are remembered; a boot of Linux has 90,000. */
const MOST_STRINGS = 1 << 17;
/** log2 of the slots of the hash table. */
const SLOT_BITS = 18;
const SLOTS = 1 << SLOT_BITS;
/** Bytes of a string: its length, then its bytes. */
const STRIDE = 16;

/**
 * Numbers byte strings. When there are too many, they are forgotten, and numbering begins anew in another generation.
 *
 * @internal
 */
export class InstructionStrings {
  /** Changes when numbers get another meaning. */
  generation = 0;
  /** Number of the string in a slot plus 1; 0 if the slot is free. */
  readonly #slots = new Int32Array(SLOTS);
  #strings = new Uint8Array(STRIDE * 1024);
  readonly #copy = new DataView(new ArrayBuffer(LONGEST + 1));
  #count = 0;

  /** The number of a string. */
  keyOf(bytes: DataView, at: number, length: number): number {
    let hash = length;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes.getUint8(at + i), 0x0100_0193);
    let slot = Math.imul(hash ^ (hash >>> 15), 0x9e37_79b1) >>> (32 - SLOT_BITS);
    for (;;) {
      const key = (this.#slots[slot] as number) - 1;
      if (key < 0) return this.#add(slot, bytes, at, length);
      if (this.#isSame(key, bytes, at, length)) return key;
      slot = (slot + 1) & (SLOTS - 1);
    }
  }

  lengthOf(key: number): number {
    return this.#strings[key * STRIDE] as number;
  }

  /** The bytes of a string, followed by zeros, until the next call. */
  bytesOf(key: number): DataView {
    const copy = this.#copy;
    const length = this.lengthOf(key);
    for (let i = 0; i <= LONGEST; i++)
      copy.setUint8(i, i < length ? (this.#strings[key * STRIDE + 1 + i] as number) : 0);
    return copy;
  }

  #isSame(key: number, bytes: DataView, at: number, length: number): boolean {
    const strings = this.#strings;
    const from = key * STRIDE;
    if (strings[from] !== length) return false;
    for (let i = 0; i < length; i++) if (strings[from + 1 + i] !== bytes.getUint8(at + i)) return false;
    return true;
  }

  #add(slot: number, bytes: DataView, at: number, length: number): number {
    if (this.#count >= MOST_STRINGS) {
      this.#slots.fill(0);
      this.#count = 0;
      this.generation++;
      return this.keyOf(bytes, at, length);
    }
    const key = this.#count++;
    const to = key * STRIDE;
    if (to >= this.#strings.length) {
      const larger = new Uint8Array(this.#strings.length * 2);
      larger.set(this.#strings);
      this.#strings = larger;
    }
    this.#strings[to] = length;
    for (let i = 0; i < length; i++) this.#strings[to + 1 + i] = bytes.getUint8(at + i);
    this.#slots[slot] = key + 1;
    return key;
  }
}
