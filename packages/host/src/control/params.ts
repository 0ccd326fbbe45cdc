import { QvmError } from '@qvm/core';

/** The error for invalid parameters of a client. */
export function badParams(message: string): QvmError {
  return new QvmError('protocol.params', message);
}

/** Reads parameters that a client has sent. All accessors throw a `protocol.params` that names the parameter. */
export class Params {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(value: unknown, where = 'params') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badParams(`${where} is no object`);
    this.#fields = value as Record<string, unknown>;
    this.#where = where;
  }

  /** All parameters, unchecked. */
  get value(): Readonly<Record<string, unknown>> {
    return this.#fields;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  /** A text of up to `limit` characters, without NUL. */
  text(name: string, limit = 4096): string {
    const value = this.#value(name);
    if (typeof value !== 'string' || value.length > limit || value.includes('\0')) {
      throw this.#wrong(name, `a text of at most ${limit} characters`);
    }
    return value;
  }

  optionalText(name: string, limit?: number): string | undefined {
    return this.has(name) ? this.text(name, limit) : undefined;
  }

  /** A whole number from `from` to `to`. */
  integer(name: string, from: number, to: number): number {
    const value = this.#value(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < from || value > to) {
      throw this.#wrong(name, `a whole number from ${from} to ${to}`);
    }
    return value;
  }

  /** A number of up to 64 bits, written as `0x…`, because JSON numbers are exact to 53 bits only. */
  hexadecimal(name: string): bigint {
    const text = this.text(name, 18);
    if (!/^0x[0-9a-f]{1,16}$/i.test(text))
      throw this.#wrong(name, 'a number of at most 64 bits such as "0xffff800000000000"');
    return BigInt(text);
  }

  optionalInteger(name: string, from: number, to: number): number | undefined {
    return this.has(name) ? this.integer(name, from, to) : undefined;
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value !== undefined && typeof value !== 'boolean') throw this.#wrong(name, 'true or false');
    return value;
  }

  /** One of several words, if present. */
  optionalWord<T extends string>(name: string, words: readonly T[]): T | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw this.#wrong(name, `one of ${words.join(', ')}`);
    return word;
  }

  /** Bytes, written as base64. */
  bytes(name: string, limit: number): Uint8Array<ArrayBuffer> {
    const text = this.text(name, Math.ceil(limit / 3) * 4);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) throw this.#wrong(name, 'base64');
    return Uint8Array.from(Buffer.from(text, 'base64'));
  }

  object(name: string): Params {
    return new Params(this.#value(name), `${this.#where}.${name}`);
  }

  /** At most `limit` objects. */
  objects(name: string, limit: number): readonly Params[] {
    return this.#list(name, limit).map((item, index) => new Params(item, `${this.#where}.${name}[${index}]`));
  }

  /** At most `limit` texts; empty when absent. */
  texts(name: string, limit: number): readonly string[] {
    return this.has(name) ? this.#each(name, limit, (items, index) => items.text(index)) : [];
  }

  /** Whole numbers; an absent list is `undefined`. */
  optionalIntegers(name: string, limit: number, from: number, to: number): readonly number[] | undefined {
    return this.has(name) ? this.#each(name, limit, (items, index) => items.integer(index, from, to)) : undefined;
  }

  /** Reads each item of a list with the accessor for a field. */
  #each<T>(name: string, limit: number, read: (items: Params, index: string) => T): readonly T[] {
    const list = this.#list(name, limit);
    const items = new Params({ ...list }, `${this.#where}.${name}`);
    return list.map((_, index) => read(items, String(index)));
  }

  #list(name: string, limit: number): readonly unknown[] {
    const value = this.#value(name);
    if (!Array.isArray(value) || value.length > limit) throw this.#wrong(name, `a list of at most ${limit}`);
    return value;
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  #wrong(name: string, right: string): QvmError {
    return badParams(`${this.#where}.${name} is not ${right}`);
  }
}
