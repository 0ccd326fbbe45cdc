import { QvmError } from '../errors/qvm-error.js';
import type { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import type { PhysicalMap } from '../memory/physical-map.js';
import type { OptionValues } from '../vdev/option-spec.js';
import type { VdevResources } from '../vdev/vdev.js';

/**
 * Where the ranges and interrupts of one vdev instance are.
 *
 * @experimental
 */
export interface VdevPlacement {
  /** By request name. */
  readonly mmioBase: Readonly<Record<string, number>>;
  /** By request name. */
  readonly interrupts: Readonly<Record<string, number>>;
  /** By request name. */
  readonly windowBase: Readonly<Record<string, number>>;
}

/** What the larger page tables of guests have for a block. */
const WINDOW_ALIGNMENT = 0x20_0000;

/** Interrupt numbers in use, and by whom. */
export type InterruptOwners = Map<number, string>;

function numberOption(name: string, options: OptionValues, words: readonly string[]): number | undefined {
  const given = words.filter((word) => options[word] !== undefined);
  const word = given[0];
  if (word === undefined) return undefined;
  if (given.length > 1) {
    throw new QvmError('vdev.option', `The vdev ${name} has both ${given.join(' and ')}; give one of them.`);
  }
  const value = options[word];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new QvmError('vdev.option', `The option ${word} of the vdev ${name} must be a number, not ${String(value)}.`);
  }
  return value;
}

function placeRanges(
  name: string,
  resources: VdevResources,
  base: number | undefined,
  map: PhysicalMap,
): Readonly<Record<string, number>> {
  const requests = resources.mmio ?? [];
  if (base !== undefined && requests.length === 0) {
    throw new QvmError('vdev.option', `The vdev ${name} has no registers in memory, so it takes no base.`);
  }
  const placed = requests.map(({ name: range, defaultBase }, index) => {
    const address = index === 0 ? (base ?? defaultBase) : defaultBase;
    if (address === undefined) {
      throw new QvmError(
        'vdev.no-base',
        `The vdev ${name} needs an address for its ${range} registers: give it a base.`,
      );
    }
    const owner = address === base ? undefined : map.find(address);
    if (owner !== undefined) {
      throw new QvmError(
        'vdev.base-taken',
        `The default address 0x${address.toString(16)} of the vdev ${name} belongs to ${owner.name}: give it a base.`,
      );
    }
    return [range, address] as const;
  });
  return Object.fromEntries(placed);
}

function placeInterrupts(
  name: string,
  resources: VdevResources,
  number: number | undefined,
  owners: InterruptOwners,
): Readonly<Record<string, number>> {
  const requests = resources.interrupts ?? [];
  if (number !== undefined && requests.length === 0) {
    throw new QvmError('vdev.option', `The vdev ${name} raises no interrupt by number, so it takes no irq.`);
  }
  const placed = requests.map(({ name: line, defaultNumber }, index) => {
    const explicit = index === 0 ? number : undefined;
    const chosen = explicit ?? defaultNumber;
    if (chosen === undefined) {
      throw new QvmError('vdev.no-irq', `The vdev ${name} needs a number for its interrupt ${line}: give it an irq.`);
    }
    const owner = owners.get(chosen);
    // A shared input is fine where it is asked for: its level is the OR of the sources.
    if (owner !== undefined && explicit === undefined) {
      throw new QvmError(
        'vdev.irq-taken',
        `The default interrupt ${chosen} of the vdev ${name} belongs to ${owner}: give it an irq.`,
      );
    }
    if (owner === undefined) owners.set(chosen, name);
    return [line, chosen] as const;
  });
  return Object.fromEntries(placed);
}

/** The resources with the defaults of place `slot`. */
function atSlot(resources: VdevResources, slot: number): VdevResources {
  const { slots, mmio = [], interrupts = [] } = resources;
  const moved = (value: number | undefined, stride = 0): number | undefined =>
    value === undefined ? undefined : value + slot * stride;
  return {
    mmio: mmio.map((request) => withDefault(request, 'defaultBase', moved(request.defaultBase, slots?.addressStride))),
    interrupts: interrupts.map((request) =>
      withDefault(request, 'defaultNumber', moved(request.defaultNumber, slots?.interruptStride)),
    ),
  };
}

function withDefault<T>(request: T, key: keyof T, value: number | undefined): T {
  return value === undefined ? request : { ...request, [key]: value };
}

/**
 * Chooses the place of a vdev that may be in one of several: that of its `base`, else the first with all that is left to
 * defaults free.
 */
function chooseSlot(
  name: string,
  resources: VdevResources,
  explicit: { readonly base: number | undefined; readonly number: number | undefined },
  map: PhysicalMap,
  owners: InterruptOwners,
): VdevResources {
  const places = Array.from({ length: resources.slots?.count ?? 1 }, (_, slot) => atSlot(resources, slot));
  if (explicit.base !== undefined) {
    return places.find(({ mmio }) => mmio?.[0]?.defaultBase === explicit.base) ?? resources;
  }
  const free = places.find(
    ({ mmio = [], interrupts = [] }) =>
      mmio.every(({ defaultBase }) => defaultBase === undefined || map.find(defaultBase) === undefined) &&
      interrupts.every(
        ({ defaultNumber }, index) =>
          defaultNumber === undefined || (index === 0 && explicit.number !== undefined) || !owners.has(defaultNumber),
      ),
  );
  if (free !== undefined || places.length === 1) return free ?? resources;
  throw new QvmError('vdev.base-taken', `All ${places.length} places for the vdev ${name} are taken: give it a base.`);
}

/** Windows without an address lie above all else, so that they are in nobody's way. */
function placeWindows(resources: VdevResources, map: GuestPhysicalMap): Readonly<Record<string, number>> {
  let next = map.top(WINDOW_ALIGNMENT);
  const placed = (resources.windows ?? []).map(({ name, size, base }) => {
    const address = base ?? next;
    const end = Math.ceil((address + size) / WINDOW_ALIGNMENT) * WINDOW_ALIGNMENT;
    next = Math.max(next, end);
    return [name, address] as const;
  });
  return Object.fromEntries(placed);
}

/**
 * Decides addresses and interrupt numbers of one instance from its options and its defaults.
 *
 * @throws `QvmError` `vdev.option`, `vdev.no-base`, `vdev.base-taken`, `vdev.no-irq`, `vdev.irq-taken`.
 */
export function placeVdev(
  name: string,
  resources: VdevResources,
  options: OptionValues,
  map: GuestPhysicalMap,
  owners: InterruptOwners,
): VdevPlacement {
  const explicit = {
    base: numberOption(name, options, ['base', 'loc']),
    number: numberOption(name, options, ['irq', 'intr']),
  };
  const chosen = chooseSlot(name, resources, explicit, map, owners);
  return {
    mmioBase: placeRanges(name, chosen, explicit.base, map),
    interrupts: placeInterrupts(name, chosen, explicit.number, owners),
    windowBase: placeWindows(resources, map),
  };
}
