import { allVdevOptions } from '@qvm/core/vdev';
import type { Board, ResolvedPlace } from '@qvm/core/board';
import { machineOf, placesFor } from '@qvm/core/board';
import { ConfigError, resolveOptions } from '@qvm/config';
import type { VdevFactory, VdevResources } from '@qvm/core/vdev';

/**
 * The default places of a vdev on a board, as rows of a table; none if it needs no place, or if that depends on
 * options.
 */
export function placesOn(board: Board, factory: VdevFactory): readonly (readonly string[])[] {
  const resources = defaultResources(board, factory);
  const { mmio = [], ports = [], interrupts = [] } = resources;
  const [first, second, ...more] = placesFor(board, factory.type, resources);
  const ranges = mmio.map(({ name, size }) => [name, `${size} bytes at ${addressText(first?.mmio[name])}`]);
  const portRanges = ports.map(({ name, size }) => [name, `${size} ports at ${portText(first?.ports[name])}`]);
  const lines = interrupts.map(({ name }) => [name, `interrupt ${first?.interrupts[name] ?? 'of your choice'}`]);
  if (first === undefined || second === undefined) return [...ranges, ...portRanges, ...lines];
  return [
    ...ranges,
    ...portRanges,
    ...lines,
    ['', `the first free one of ${2 + more.length} places, ${strideText(first, second)} apart`],
  ];
}

function addressText(base: number | undefined): string {
  return base === undefined ? 'an address of your choice' : `0x${base.toString(16).padStart(8, '0')}`;
}

function portText(port: number | undefined): string {
  return port === undefined ? 'a number of your choice' : `0x${port.toString(16)}`;
}

/** The distances between two places: of addresses, ports and interrupts, as far as the vdev has them. */
function strideText(first: ResolvedPlace, second: ResolvedPlace): string {
  const strides = [
    ...strideOf(first.mmio, second.mmio).map(hexadecimal),
    ...strideOf(first.ports, second.ports).map(hexadecimal),
    ...strideOf(first.interrupts, second.interrupts).map(String),
  ];
  return strides.join(' and ');
}

/** The longest distance between equally named values; none if there are no values. */
function strideOf(a: ResolvedPlace['mmio'], b: ResolvedPlace['mmio']): readonly number[] {
  const strides = Object.keys(a).map((name) => (b[name] ?? 0) - (a[name] ?? 0));
  return strides.length === 0 ? [] : [strides.reduce((x, y) => (Math.abs(y) > Math.abs(x) ? y : x))];
}

const hexadecimal = (value: number): string => `${value < 0 ? '-' : ''}0x${Math.abs(value).toString(16)}`;

/** Resources of the type with default options; none if options are required. */
function defaultResources(board: Board, factory: VdevFactory): VdevResources {
  try {
    const { values } = resolveOptions(allVdevOptions(factory), [], { owner: factory.type });
    return factory.resources(values, machineOf(board));
  } catch (error) {
    if (error instanceof ConfigError) return {};
    throw error;
  }
}
