import { ConfigError, findingAt, refuseCombination, resolveOptions, sourceOf } from '@qvm/config';
import { nearestName } from '@qvm/core/options';
import type { Finding, VdevOptionsLookup, VdevSpec } from '@qvm/config';
import { VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin, Resolver } from '@qvm/core';
import type { VdevSpec as CoreVdevSpec } from '@qvm/core/host';
import { allVdevOptions } from '@qvm/core/vdev';
import type { VdevFactory, VdevOptions } from '@qvm/core/vdev';

/** The options of the types in `factories`, for parsers of the line form. */
export function optionsLookup(factories: ReadonlyMap<string, VdevFactory>): VdevOptionsLookup {
  return (type) => {
    const factory = factories.get(type);
    return factory === undefined ? undefined : allVdevOptions(factory);
  };
}

/** Validated options. */
export interface CheckedOptions {
  readonly values: VdevOptions;
  readonly warnings: readonly Finding[];
}

/**
 * Parses the options of one vdev, and lets its type check their combination.
 *
 * @throws ConfigError with all problems.
 */
export function checkOptions(factory: VdevFactory, vdev: VdevSpec, baseDir: string): CheckedOptions {
  const context = { owner: `vdev ${factory.type}`, at: sourceOf(vdev.source), baseDir };
  const declared = allVdevOptions(factory);
  const resolved = resolveOptions(declared, vdev.options, context);
  refuseCombination(declared, factory.check?.(resolved.values) ?? [], vdev.options, context);
  return resolved;
}

/** A vdev with default options. */
export function defaultVdev(factory: VdevFactory): CoreVdevSpec {
  return { factory, options: checkOptions(factory, { type: factory.type, options: [] }, '').values };
}

/**
 * The factory of a vdev: by type, or for a package the one of that name, or else the only one that it provides.
 *
 * @throws ConfigError `config.unknown-vdev`
 */
export function findFactory(
  vdev: VdevSpec,
  known: ReadonlyMap<string, VdevFactory>,
  packages: ReadonlyMap<string, QvmPlugin>,
  resolver: Resolver,
): VdevFactory {
  const found = known.get(vdev.type) ?? onlyFactory(packages.get(vdev.type), resolver);
  if (found !== undefined) return found;
  const nearest = nearestName(vdev.type, [...known.keys()]);
  const hint =
    nearest === undefined ? `there are ${[...known.keys()].sort().join(', ')}` : `did you mean "${nearest}"?`;
  const message = `there is no vdev type ${JSON.stringify(vdev.type)}`;
  throw new ConfigError([findingAt(sourceOf(vdev.source, 'type'), 'error', 'config.unknown-vdev', message, hint)]);
}

function onlyFactory(plugin: QvmPlugin | undefined, resolver: Resolver): VdevFactory | undefined {
  const own = plugin?.provides.filter(({ token }) => token.key === VDEV_FACTORY.key) ?? [];
  if (own.length !== 1) return undefined;
  // The token's key stands for its type.
  return own[0]?.factory(resolver) as VdevFactory | undefined;
}
