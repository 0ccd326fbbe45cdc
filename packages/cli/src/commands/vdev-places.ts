import { ConfigError, resolveOptions } from '@qvm/config';
import type { VdevFactory, VdevResources } from '@qvm/core/vdev';

/**
 * Where a vdev is when a configuration does not say, as rows of a table; none when that depends on what a configuration says.
 */
export function defaultPlaces(factory: VdevFactory): readonly (readonly string[])[] {
  const { mmio = [], interrupts = [], slots } = defaultResources(factory);
  const ranges = mmio.map(({ name, size, defaultBase }) => [name, `${size} bytes at ${addressOf(defaultBase)}`]);
  const lines = interrupts.map(({ name, defaultNumber }) => [name, `interrupt ${defaultNumber ?? 'of your choice'}`]);
  if (slots === undefined) return [...ranges, ...lines];
  const { count, addressStride, interruptStride } = slots;
  const next = `the first free one of ${count} places, 0x${addressStride.toString(16)} and ${interruptStride} apart`;
  return [...ranges, ...lines, ['', next]];
}

function addressOf(base: number | undefined): string {
  return base === undefined ? 'an address of your choice' : `0x${base.toString(16).padStart(8, '0')}`;
}

/** Resources of the type without options; none if some are required. */
function defaultResources(factory: VdevFactory): VdevResources {
  try {
    const { values } = resolveOptions(factory.options, [], { owner: factory.type });
    return factory.resources(values);
  } catch (error) {
    if (error instanceof ConfigError) return {};
    throw error;
  }
}
