import type { Resolver, Token } from '@qvm/core';
import type { DependencyContainer } from 'tsyringe';

/**
 * Resolves services of tsyringe containers by the tokens of qvm.
 *
 * tsyringe's `resolveAll` throws if nothing is registered, and considers only the nearest container that has the token.
 * `getAll` returns an empty array in the first case, and joins the services of all given containers.
 *
 * @param container - the container for `get`, including its parents.
 * @param outer - further containers for `getAll`, such as the parent of `container`; their services come first.
 * @experimental
 */
export function containerResolver(container: DependencyContainer, ...outer: readonly DependencyContainer[]): Resolver {
  const containers = [...outer, container];
  return {
    get: <T>(token: Token<T>): T => container.resolve<T>(token.key),
    getAll: <T>(token: Token<T>): readonly T[] =>
      containers.flatMap((each) => (each.isRegistered(token.key) ? each.resolveAll<T>(token.key) : [])),
  };
}
