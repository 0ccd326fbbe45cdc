import { DamagedData } from './damaged.js';

// The names are those of the LZMA specification (7-zip.org, LZMA SDK, lzma-specification.txt).
const STATES = 12;
const FIRST_LITERAL_STATES = 7;
const POSITION_STATES = 16;
const LENGTH_STATES = 4;
const END_POSITION_MODEL = 14;
const FULL_DISTANCES = 1 << (END_POSITION_MODEL >> 1);
const ALIGN_BITS = 4;
const MINIMUM_MATCH = 2;
const INITIAL_PROBABILITY = 1024;
const LITERAL_CODER = 0x300;
const TOP = 2 ** 24;
/** Properties are encoded as (pb * 5 + lp) * 9 + lc, each at most 4, 4 and 8. */
const PROPERTIES_LIMIT = 9 * 5 * 5;

/** Offsets of a length coder's probabilities: two choices, then 16 × 8 low, 16 × 8 middle and 256 high ones. */
const Length = {
  choice: 0,
  choice2: 1,
  low: 2,
  middle: 2 + POSITION_STATES * 8,
  high: 2 + POSITION_STATES * 16,
} as const;
const LENGTH_PROBABILITIES = Length.high + 256;

/**
 * Decodes LZMA into a buffer, which is also its dictionary. Reads and writes stay within the given limits, whatever
 * the input is.
 */
export class LzmaDecoder {
  /** Bytes that have been written. */
  position = 0;
  /** Where the dictionary begins: matches reach back to here. */
  #dictionary = 0;
  readonly #out: Uint8Array;
  #input: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #range = 0;
  #code = 0;
  #state = 0;
  readonly #rep = new Uint32Array(4);
  #lc = 0;
  #lpMask = 0;
  #pbMask = 0;
  #literal = new Uint16Array(LITERAL_CODER);
  readonly #isMatch = new Uint16Array(STATES * POSITION_STATES);
  readonly #isRep = new Uint16Array(STATES);
  readonly #isRepG0 = new Uint16Array(STATES);
  readonly #isRepG1 = new Uint16Array(STATES);
  readonly #isRepG2 = new Uint16Array(STATES);
  readonly #isRep0Long = new Uint16Array(STATES * POSITION_STATES);
  readonly #slots = new Uint16Array(LENGTH_STATES * 64);
  readonly #special = new Uint16Array(1 + FULL_DISTANCES - END_POSITION_MODEL);
  readonly #align = new Uint16Array(1 << ALIGN_BITS);
  readonly #length = new Uint16Array(LENGTH_PROBABILITIES);
  readonly #repLength = new Uint16Array(LENGTH_PROBABILITIES);

  /** @param out - takes the result; nothing is written after its end. */
  constructor(out: Uint8Array) {
    this.#out = out;
  }

  /**
   * Sets lc, lp and pb, and resets the state.
   *
   * @throws {@link DamagedData}.
   */
  setProperties(properties: number): void {
    if (properties >= PROPERTIES_LIMIT) throw new DamagedData('its LZMA properties do not exist');
    this.#lc = properties % 9;
    const lp = Math.floor(properties / 9) % 5;
    const pb = Math.floor(properties / 45);
    this.#lpMask = (1 << lp) - 1;
    this.#pbMask = (1 << pb) - 1;
    const size = LITERAL_CODER << (this.#lc + lp);
    if (this.#literal.length !== size) this.#literal = new Uint16Array(size);
    this.resetState();
  }

  /** Resets everything that has been learned, but not the dictionary. */
  resetState(): void {
    this.#state = 0;
    this.#rep.fill(0);
    const all = [this.#literal, this.#isMatch, this.#isRep, this.#isRepG0, this.#isRepG1, this.#isRepG2];
    const more = [this.#isRep0Long, this.#slots, this.#special, this.#align, this.#length, this.#repLength];
    for (const probabilities of [...all, ...more]) probabilities.fill(INITIAL_PROBABILITY);
  }

  /** Forgets what has been written: later matches cannot reach it. */
  resetDictionary(): void {
    this.#dictionary = this.position;
  }

  /**
   * Copies bytes that are not compressed.
   *
   * @throws {@link DamagedData}.
   */
  copy(bytes: Uint8Array): void {
    if (bytes.length > this.#out.length - this.position) throw new DamagedData('it is larger than it says');
    this.#out.set(bytes, this.position);
    this.position += bytes.length;
  }

  /**
   * Decodes from a new beginning of the range coder until `size` bytes have been written.
   *
   * @param input - the compressed bytes, from the first to the last that may be read.
   * @param endMarker - whether the data may end earlier, at a marker.
   * @returns the number of bytes read.
   * @throws {@link DamagedData}.
   */
  decode(input: Uint8Array, size: number, endMarker = false): number {
    if (size > this.#out.length - this.position) throw new DamagedData('it is larger than it says');
    this.#input = input;
    this.#at = 0;
    this.#end = input.length;
    this.#beginRange();
    const end = this.position + size;
    while (this.position < end) {
      const place = this.position & this.#pbMask;
      if (this.#bit(this.#isMatch, this.#state * POSITION_STATES + place) === 0) this.#decodeLiteral();
      else if (!this.#decodeMatch(place, end)) {
        if (endMarker) return this.#at;
        throw new DamagedData('it ends too early');
      }
    }
    return this.#at;
  }

  #beginRange(): void {
    if (this.#end < 5) throw new DamagedData('it is truncated');
    if (this.#input[0] !== 0) throw new DamagedData('its LZMA data do not begin with a zero');
    this.#code = new DataView(this.#input.buffer, this.#input.byteOffset).getUint32(1);
    this.#range = 0xffff_ffff;
    this.#at = 5;
  }

  #normalize(): void {
    if (this.#at >= this.#end) throw new DamagedData('it is truncated');
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | (this.#input[this.#at++] as number)) >>> 0;
  }

  #bit(probabilities: Uint16Array, index: number): number {
    if (this.#range < TOP) this.#normalize();
    const probability = probabilities[index] as number;
    const bound = (this.#range >>> 11) * probability;
    if (this.#code < bound) {
      this.#range = bound;
      probabilities[index] = probability + ((2048 - probability) >> 5);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    probabilities[index] = probability - (probability >> 5);
    return 1;
  }

  #directBits(count: number): number {
    let value = 0;
    for (; count > 0; count--) {
      if (this.#range < TOP) this.#normalize();
      this.#range >>>= 1;
      value <<= 1;
      if (this.#code >= this.#range) {
        this.#code -= this.#range;
        value |= 1;
      }
    }
    return value >>> 0;
  }

  #tree(probabilities: Uint16Array, base: number, bits: number): number {
    let node = 1;
    for (let count = bits; count > 0; count--) node = (node << 1) | this.#bit(probabilities, base + node);
    return node - (1 << bits);
  }

  #reverseTree(probabilities: Uint16Array, base: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let index = 0; index < bits; index++) {
      const bit = this.#bit(probabilities, base + node);
      node = (node << 1) | bit;
      value |= bit << index;
    }
    return value;
  }

  #decodeLiteral(): void {
    const out = this.#out;
    const previous = this.position > this.#dictionary ? (out[this.position - 1] as number) : 0;
    const context = (((this.position - this.#dictionary) & this.#lpMask) << this.#lc) + (previous >> (8 - this.#lc));
    const base = LITERAL_CODER * context;
    const probabilities = this.#literal;
    let symbol = 1;
    if (this.#state >= FIRST_LITERAL_STATES) {
      let match = this.#byteAt(this.#rep[0] as number);
      do {
        const matchBit = (match >> 7) & 1;
        match <<= 1;
        const bit = this.#bit(probabilities, base + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (matchBit !== bit) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(probabilities, base + symbol);
    out[this.position++] = symbol;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  /** The byte at a distance (0 is the last byte). */
  #byteAt(distance: number): number {
    if (distance >= this.position - this.#dictionary) throw new DamagedData('it refers to bytes before its beginning');
    return this.#out[this.position - 1 - distance] as number;
  }

  /** @returns false at the end marker. */
  #decodeMatch(place: number, end: number): boolean {
    const rep = this.#rep;
    const state = this.#state;
    let length: number;
    if (this.#bit(this.#isRep, state) === 0) {
      rep.copyWithin(1, 0, 3);
      length = this.#decodeLength(this.#length, place);
      this.#state = state < FIRST_LITERAL_STATES ? 7 : 10;
      const distance = this.#decodeDistance(length);
      if (distance === 0xffff_ffff) return false;
      rep[0] = distance;
    } else {
      if (this.#chooseRepeat(place)) {
        this.#state = state < FIRST_LITERAL_STATES ? 9 : 11;
        this.#out[this.position] = this.#byteAt(rep[0] as number);
        this.position++;
        return true;
      }
      length = this.#decodeLength(this.#repLength, place);
      this.#state = state < FIRST_LITERAL_STATES ? 8 : 11;
    }
    this.#copyMatch(length + MINIMUM_MATCH, end);
    return true;
  }

  /** Moves the repeated distance to the front. @returns whether it is for one byte only. */
  #chooseRepeat(place: number): boolean {
    const rep = this.#rep;
    const state = this.#state;
    if (this.#bit(this.#isRepG0, state) === 0)
      return this.#bit(this.#isRep0Long, state * POSITION_STATES + place) === 0;
    const index = this.#bit(this.#isRepG1, state) === 0 ? 1 : 2 + this.#bit(this.#isRepG2, state);
    const distance = rep[index] as number;
    rep.copyWithin(1, 0, index);
    rep[0] = distance;
    return false;
  }

  #decodeLength(probabilities: Uint16Array, place: number): number {
    if (this.#bit(probabilities, Length.choice) === 0) return this.#tree(probabilities, Length.low + place * 8, 3);
    if (this.#bit(probabilities, Length.choice2) === 0)
      return 8 + this.#tree(probabilities, Length.middle + place * 8, 3);
    return 16 + this.#tree(probabilities, Length.high, 8);
  }

  #decodeDistance(length: number): number {
    const slot = this.#tree(this.#slots, Math.min(length, LENGTH_STATES - 1) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < END_POSITION_MODEL) return base + this.#reverseTree(this.#special, base - slot, bits);
    const direct = this.#directBits(bits - ALIGN_BITS) * 2 ** ALIGN_BITS;
    return base + direct + this.#reverseTree(this.#align, 0, ALIGN_BITS);
  }

  #copyMatch(length: number, end: number): void {
    const distance = (this.#rep[0] as number) + 1;
    if (distance > this.position - this.#dictionary) throw new DamagedData('it refers to bytes before its beginning');
    if (length > end - this.position) throw new DamagedData('it is larger than it says');
    const out = this.#out;
    let at = this.position;
    for (const stop = at + length; at < stop; at++) out[at] = out[at - distance] as number;
    this.position = at;
  }
}
