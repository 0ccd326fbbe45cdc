import { RECORD_BYTES } from '../builder/layout.js';

/** log2 of the places of the table; it is emptied when half of them are taken. A boot of Linux has 90,000 words. */
const PLACE_BITS = 18;
const PLACES = 1 << PLACE_BITS;
const WORDS_LIMIT = PLACES / 2;
/** 2^32 over the golden ratio: spreads words whose low bits are alike. */
const SPREAD = 0x9e37_79b1;
const RECORD_WORDS = RECORD_BYTES / 4;

/** What a place holds: whether control may leave behind the word, and its record where a jump stays in the page, or not. */
const Known = { ends: 1, near: 2, far: 4, taken: 8 } as const;

/**
 * Records of instruction words that were decoded before: of four words of a program, three are met again. An open table in typed
 * arrays, because each word that is decoded is looked up.
 *
 * @internal
 */
export class KnownRecords {
  readonly #words = new Uint32Array(PLACES);
  readonly #flags = new Uint8Array(PLACES);
  readonly #distances = new Int32Array(PLACES);
  readonly #records = new Uint32Array(PLACES * 2 * RECORD_WORDS);
  #count = 0;

  /** The place of a word, to be used at once; −1 when it is not known. */
  find(word: number): number {
    const at = this.#placeOf(word);
    return this.#flags[at] === 0 ? -1 : at;
  }

  /** How far a jump of the word goes, in bytes. */
  distance(place: number): number {
    return this.#distances[place] as number;
  }

  /** Whether control always or sometimes goes elsewhere behind the word. */
  ends(place: number): boolean {
    return ((this.#flags[place] as number) & Known.ends) !== 0;
  }

  /** Writes the record of a word to an index of `to`, if that is known. */
  copy(place: number, far: boolean, to: Uint32Array, index: number): boolean {
    if (((this.#flags[place] as number) & (far ? Known.far : Known.near)) === 0) return false;
    const from = recordAt(place, far);
    for (let i = 0; i < RECORD_WORDS; i++) to[index + i] = this.#records[from + i] as number;
    return true;
  }

  /** Remembers the record at an index of `from`. */
  add(word: number, distance: number, ends: boolean, far: boolean, from: Uint32Array, index: number): void {
    if (this.#count >= WORDS_LIMIT) this.#clear();
    const place = this.#placeOf(word);
    if (this.#flags[place] === 0) this.#count++;
    this.#words[place] = word;
    this.#distances[place] = distance;
    this.#flags[place]! |= Known.taken | (ends ? Known.ends : 0) | (far ? Known.far : Known.near);
    this.#records.set(from.subarray(index, index + RECORD_WORDS), recordAt(place, far));
  }

  /** Where a word is or would be. */
  #placeOf(word: number): number {
    let at = Math.imul(word, SPREAD) >>> (32 - PLACE_BITS);
    while (this.#flags[at] !== 0 && this.#words[at] !== word) at = (at + 1) & (PLACES - 1);
    return at;
  }

  #clear(): void {
    this.#flags.fill(0);
    this.#count = 0;
  }
}

const recordAt = (place: number, far: boolean): number => (place * 2 + (far ? 1 : 0)) * RECORD_WORDS;
