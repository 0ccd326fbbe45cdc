import { allVdevOptions } from '@qvm/core/vdev';
import type { Board, ResolvedPlace } from '@qvm/core/board';
import { placesFor } from '@qvm/core/board';
import { ConfigError, resolveOptions } from '@qvm/config';
import type { VdevFactory, VdevResources } from '@qvm/core/vdev';

/**
 * The default places of a vdev on a board, as rows of a table; none if it needs no place, or if that depends on
 * options.
 */
export function placesOn(board: Board, factory: VdevFactory): readonly (readonly string[])[] {
  const resources = defaultResources(factory);
  const { mmio = [], interrupts = [] } = resources;
  const [first, second, ...more] = placesFor(board, factory.type, resources);
  const ranges = mmio.map(({ name, size }) => [name, `${size} bytes at ${addressText(first?.mmio[name])}`]);
  const lines = interrupts.map(({ name }) => [name, `interrupt ${first?.interrupts[name] ?? 'of your choice'}`]);
  if (first === undefined || second === undefined) return [...ranges, ...lines];
  return [
    ...ranges,
    ...lines,
    ['', `the first free one of ${2 + more.length} places, ${strideText(first, second)} apart`],
  ];
}

function addressText(base: number | undefined): string {
  return base === undefined ? 'an address of your choice' : `0x${base.toString(16).padStart(8, '0')}`;
}

function strideText(first: ResolvedPlace, second: ResolvedPlace): string {
  const stride = (a: ResolvedPlace['mmio'], b: ResolvedPlace['mmio']): number =>
    Math.max(0, ...Object.keys(a).map((name) => (b[name] ?? 0) - (a[name] ?? 0)));
  return `0x${stride(first.mmio, second.mmio).toString(16)} and ${stride(first.interrupts, second.interrupts)}`;
}

/** Resources of the type with default options; none if options are required. */
function defaultResources(factory: VdevFactory): VdevResources {
  try {
    const { values } = resolveOptions(allVdevOptions(factory), [], { owner: factory.type });
    return factory.resources(values);
  } catch (error) {
    if (error instanceof ConfigError) return {};
    throw error;
  }
}
