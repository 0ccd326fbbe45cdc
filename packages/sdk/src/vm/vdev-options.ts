import { ConfigError, findingAt, nearestName, resolveOptions, sourceOf } from '@qvm/config';
import type { Finding, OptionSpec, VdevOptionsLookup, VdevSpec } from '@qvm/config';
import { QvmError, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin, Resolver } from '@qvm/core';
import type { VdevSpec as CoreVdevSpec } from '@qvm/core/host';
import type { OptionValues, VdevFactory } from '@qvm/core/vdev';

/**
 * The options that every vdev has, beside those of its type.
 *
 * @experimental
 */
export const COMMON_VDEV_OPTIONS: readonly OptionSpec[] = [
  { name: 'base', kind: 'address', description: 'Guest-physical address of its registers' },
  { name: 'loc', kind: 'address', description: 'The same as base' },
  {
    name: 'irq',
    kind: 'number',
    min: 0,
    max: 0xffff,
    description: "Interrupt number at the guest's interrupt controller",
  },
  { name: 'intr', kind: 'number', min: 0, max: 0xffff, description: 'The same as irq' },
  { name: 'name', kind: 'string', description: 'Name of the instance, in messages and statistics' },
];

/** All options of a vdev type; its own win over common ones of the same name. */
export function vdevOptions(factory: VdevFactory): readonly OptionSpec[] {
  const own = new Set(factory.options.map(({ name }) => name));
  return [...factory.options, ...COMMON_VDEV_OPTIONS.filter(({ name }) => !own.has(name))];
}

/** The options of the types among `factories`, for readers of the line form. */
export function optionsLookup(factories: ReadonlyMap<string, VdevFactory>): VdevOptionsLookup {
  return (type) => {
    const factory = factories.get(type);
    return factory === undefined ? undefined : vdevOptions(factory);
  };
}

/** Options that were checked. */
export interface CheckedOptions {
  readonly values: OptionValues;
  readonly warnings: readonly Finding[];
}

/**
 * Checks the options of one vdev.
 *
 * @throws ConfigError with all that is wrong; QvmError `vdev.declaration` when the type declares a default that it would
 * refuse.
 */
export function checkOptions(factory: VdevFactory, vdev: VdevSpec, baseDir: string): CheckedOptions {
  const context = { owner: `vdev ${factory.type}`, at: sourceOf(vdev.source), baseDir };
  try {
    return resolveOptions(vdevOptions(factory), vdev.options, context);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new QvmError('vdev.declaration', error.message, { cause: error });
  }
}

/** A vdev with no option given. */
export function defaultVdev(factory: VdevFactory): CoreVdevSpec {
  return { factory, options: checkOptions(factory, { type: factory.type, options: [] }, '').values };
}

/**
 * The factory of a vdev: by type, or for a package the one of that name, else the only one it provides.
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
