/**
 * Typed key of a service. Several copies of this package in one tree share tokens, because the key is a registered
 * symbol.
 *
 * @stable
 */
export interface Token<T> {
  /** Identity of the token in every copy of this package: a registered symbol. */
  readonly key: symbol;
  /** Name for errors. */
  readonly description: string;
  /** Type only: never present at run time. */
  readonly __type?: T;
}

/**
 * Makes the token of a service.
 *
 * @param description - `package/Service`, such as `@qvm/core/VdevFactory`.
 * @stable
 */
export function createToken<T>(description: string): Token<T> {
  return { key: Symbol.for(`qvm:${description}`), description };
}
