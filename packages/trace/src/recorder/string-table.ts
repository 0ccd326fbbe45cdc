/** Largest number of strings in a stream. @experimental */
export const STRING_LIMIT = 4096;
/** Largest length of a string in bytes of UTF-8. @experimental */
export const STRING_BYTES = 255;

/**
 * Assigns numbers to the names in records. Number 0 is the empty string; when the table is full, new strings get
 * number 1, `?`.
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

  /** Returns the strings added since the last call, in order of their numbers. */
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
