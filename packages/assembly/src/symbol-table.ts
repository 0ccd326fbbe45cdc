import type { Token } from './token.js';

/**
 * Labels and constants of a program. Each pass defines its labels anew; those that come later in it have the addresses
 * of the pass before.
 *
 * @experimental
 */
export class SymbolTable {
  readonly #values: Map<string, bigint>;
  #labels = new Map<string, bigint>();
  #before = new Map<string, bigint>();
  /** Addresses of numeric labels, in order. */
  #local = new Map<string, bigint[]>();
  #localBefore = new Map<string, bigint[]>();

  constructor(predefined: Readonly<Record<string, bigint>>) {
    this.#values = new Map(Object.entries(predefined));
  }

  /** The named labels of this pass. */
  get labels(): ReadonlyMap<string, bigint> {
    return this.#labels;
  }

  /** Begins a pass. */
  begin(): void {
    this.#before = this.#labels;
    this.#localBefore = this.#local;
    this.#labels = new Map();
    this.#local = new Map();
  }

  /** Whether all labels of this pass are where they were in the pass before. */
  get isStable(): boolean {
    const text = (named: ReadonlyMap<string, bigint>, local: ReadonlyMap<string, readonly bigint[]>): string =>
      [...named, ...local].join(' ');
    return text(this.#labels, this.#local) === text(this.#before, this.#localBefore);
  }

  /** Defines a label; false if it is already defined. Numeric labels can be repeated. */
  label({ text, kind }: Token, address: bigint): boolean {
    if (kind === 'number') {
      const known = this.#local.get(text);
      if (known) known.push(address);
      else this.#local.set(text, [address]);
      return true;
    }
    if (this.#values.has(text) || this.#labels.has(text)) return false;
    this.#labels.set(text, address);
    return true;
  }

  /** `.equ` and `.set`. */
  set(name: string, value: bigint): void {
    this.#values.set(name, value);
  }

  /** The value of a symbol, or `undefined` when there is none. */
  value(name: string): bigint | undefined {
    return this.#values.get(name) ?? this.#labels.get(name) ?? this.#before.get(name);
  }

  /** `1b`: the last one until now; `1f`: the next one. */
  local(reference: string): bigint | undefined {
    const name = reference.slice(0, -1);
    const until = this.#local.get(name) ?? [];
    return reference.endsWith('b') ? until.at(-1) : this.#localBefore.get(name)?.[until.length];
  }
}
