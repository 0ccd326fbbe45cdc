import type { Board } from '../board/board.js';
import { placesFor, type ResolvedPlace } from '../board/places.js';
import { QvmError } from '../errors/qvm-error.js';
import type { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import type { CommonVdevOptions } from '../vdev/common-options.js';
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

/** Size of a block in the page tables of guests. */
const WINDOW_ALIGNMENT = 0x20_0000;

/** Interrupt numbers in use, and by whom. */
export type InterruptOwners = Map<number, string>;

function placeRanges(
  { name, type, resources }: PlacedVdev,
  base: number | undefined,
  place: ResolvedPlace,
  { board, map }: PlacementSpace,
): Readonly<Record<string, number>> {
  const requests = resources.mmio ?? [];
  if (base !== undefined && requests.length === 0) {
    throw new QvmError('vdev.option', `The vdev ${name} has no registers in memory, so it takes no base.`);
  }
  const placed = requests.map(({ name: range }, index) => {
    const address = (index === 0 ? base : undefined) ?? place.mmio[range];
    if (address === undefined) {
      const which = index === 0 ? 'place' : `address of the ${range} registers`;
      throw new QvmError(
        'vdev.no-base',
        missing(board, which, { name, type }, index === 0 ? 'give it a base' : undefined),
      );
    }
    const owner = address === base ? undefined : map.find(address);
    if (owner !== undefined) {
      throw new QvmError(
        'vdev.base-taken',
        `The address 0x${address.toString(16)} that the board ${board.name} has for the vdev ${name} belongs to ${owner.name}: give it a base.`,
      );
    }
    return [range, address] as const;
  });
  return Object.fromEntries(placed);
}

function placeInterrupts(
  { name, type, resources }: PlacedVdev,
  number: number | undefined,
  place: ResolvedPlace,
  { board, owners }: PlacementSpace,
): Readonly<Record<string, number>> {
  const requests = resources.interrupts ?? [];
  if (number !== undefined && requests.length === 0) {
    throw new QvmError('vdev.option', `The vdev ${name} raises no interrupt by number, so it takes no irq.`);
  }
  const placed = requests.map(({ name: line }, index) => {
    const explicit = index === 0 ? number : undefined;
    const chosen = explicit ?? place.interrupts[line];
    if (chosen === undefined) {
      const which = `number of the interrupt ${line}`;
      throw new QvmError(
        'vdev.no-irq',
        missing(board, which, { name, type }, index === 0 ? 'give it an irq' : undefined),
      );
    }
    const owner = owners.get(chosen);
    // A shared input is fine where it is asked for: its level is the OR of the sources.
    if (owner !== undefined && explicit === undefined) {
      throw new QvmError(
        'vdev.irq-taken',
        `The interrupt ${chosen} that the board ${board.name} has for the vdev ${name} belongs to ${owner}: give it an irq.`,
      );
    }
    if (owner === undefined) owners.set(chosen, name);
    return [line, chosen] as const;
  });
  return Object.fromEntries(placed);
}

/** The message for a board that has no `what` for a vdev; `help` is absent if no option can give it. */
function missing(
  { name, places }: Board,
  what: string,
  vdev: Pick<PlacedVdev, 'name' | 'type'>,
  help = 'no option gives it one',
): string {
  const known = Object.keys(places).sort();
  const list = known.length === 0 ? 'The board has no places.' : `The board has places for ${known.join(', ')}.`;
  return `The board ${name} has no ${what} for the vdev ${vdev.name} (${vdev.type}): ${help}. ${list}`;
}

/**
 * Chooses the place of a vdev: that of its `base`, else the first with all free that is left to the board. A base that is no
 * place's leaves the interrupts of the first one.
 */
function choosePlace(
  { name, type, resources }: PlacedVdev,
  explicit: { readonly base: number | undefined; readonly number: number | undefined },
  { board, map, owners }: PlacementSpace,
): ResolvedPlace {
  const places = placesFor(board, type, resources);
  const [first = NO_PLACE] = places;
  const range = resources.mmio?.[0]?.name ?? '';
  const line = resources.interrupts?.[0]?.name;
  if (explicit.base !== undefined) return places.find(({ mmio }) => mmio[range] === explicit.base) ?? first;
  const free = places.find(
    ({ mmio, interrupts }) =>
      Object.values(mmio).every((address) => map.find(address) === undefined) &&
      Object.entries(interrupts).every(
        ([interrupt, number]) => (interrupt === line && explicit.number !== undefined) || !owners.has(number),
      ),
  );
  if (free !== undefined || places.length < 2) return free ?? first;
  throw new QvmError(
    'vdev.base-taken',
    `All ${places.length} places that the board ${board.name} has for the vdev ${name} are taken: give it a base.`,
  );
}

const NO_PLACE: ResolvedPlace = { mmio: {}, interrupts: {} };

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

/** A vdev that is to be placed. */
export interface PlacedVdev {
  /** Of the instance, for errors. */
  readonly name: string;
  readonly type: string;
  readonly resources: VdevResources;
  readonly options: CommonVdevOptions;
}

/** Where vdevs are placed, and what is taken of it. */
export interface PlacementSpace {
  readonly board: Board;
  readonly map: GuestPhysicalMap;
  readonly owners: InterruptOwners;
}

/**
 * Decides addresses and interrupt numbers of one instance from its options and the board.
 *
 * @throws `QvmError` `vdev.option`, `vdev.no-base`, `vdev.base-taken`, `vdev.no-irq`, `vdev.irq-taken`.
 */
export function placeVdev(vdev: PlacedVdev, space: PlacementSpace): VdevPlacement {
  const { resources, options } = vdev;
  const explicit = { base: options.base, number: options.irq };
  const place = choosePlace(vdev, explicit, space);
  return {
    mmioBase: placeRanges(vdev, explicit.base, place, space),
    interrupts: placeInterrupts(vdev, explicit.number, place, space),
    windowBase: placeWindows(resources, space.map),
  };
}
