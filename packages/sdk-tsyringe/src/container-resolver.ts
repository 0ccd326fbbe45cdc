import type { Resolver, Token } from '@qvm/core';
import type { DependencyContainer } from 'tsyringe';

/**
 * Services of tsyringe containers by the tokens of qvm.
 *
 * tsyringe's `resolveAll` throws where nothing is registered, and looks only in the nearest container that has the token.
 * `getAll` is empty in the first case, and joins the services of all containers that are given.
 *
 * @param container - what `get` asks, its parents included.
 * @param outer - further containers for `getAll`, such as the parent of `container`; theirs come first.
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
