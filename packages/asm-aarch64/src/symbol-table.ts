import type { Token } from './token.js';

/** Labels and constants of a program. During layout, only those defined earlier are known. */
export class SymbolTable {
  readonly #values: Map<string, bigint>;
  readonly #labels = new Map<string, bigint>();
  readonly #local = new Map<string, bigint[]>();

  constructor(predefined: Readonly<Record<string, bigint>>) {
    this.#values = new Map(Object.entries(predefined));
  }

  /** The named labels. */
  get labels(): ReadonlyMap<string, bigint> {
    return this.#labels;
  }

  /** Defines a label; false if it is already defined. Numeric labels can be repeated. */
  label({ text, kind }: Token, address: bigint): boolean {
    if (kind === 'number') {
      const known = this.#local.get(text);
      if (known) known.push(address);
      else this.#local.set(text, [address]);
      return true;
    }
    if (this.#values.has(text)) return false;
    this.#values.set(text, address);
    this.#labels.set(text, address);
    return true;
  }

  /** `.equ` and `.set`. */
  set(name: string, value: bigint): void {
    this.#values.set(name, value);
  }

  value(name: string): bigint | undefined {
    return this.#values.get(name);
  }

  /** `1b`: the last one at or before `pc`; `1f`: the first one after it. */
  local(reference: string, pc: bigint): bigint | undefined {
    const addresses = this.#local.get(reference.slice(0, -1)) ?? [];
    return reference.endsWith('b') ? addresses.findLast((a) => a <= pc) : addresses.find((a) => a > pc);
  }
}
