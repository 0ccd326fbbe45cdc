/** Most strings of a stream, and most bytes of one. @experimental */
export const STRING_LIMIT = 4096;
/** Bytes of UTF-8. @experimental */
export const STRING_BYTES = 255;

/**
 * Numbers for the names in records. Number 0 is the empty string; what comes after the table is full is number 1, `?`.
 *
 * @experimental
 */
export class StringTable {
  readonly #numbers = new Map<string, number>([
    ['', 0],
    ['?', 1],
  ]);
  #fresh: string[] = ['', '?'];

  /** The number of a string. */
  numberOf(text: string): number {
    return this.#numbers.get(text) ?? this.#add(text);
  }

  /** Takes the strings that were added since it was last asked, in order of their numbers. */
  takeFresh(): readonly string[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  #add(text: string): number {
    const number = this.#numbers.size;
    if (number >= STRING_LIMIT) return 1;
    this.#numbers.set(text, number);
    this.#fresh.push(text);
    return number;
  }
}
