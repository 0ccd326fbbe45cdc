import type { Board } from '../board/board.js';
import { placesFor, type ResolvedPlace } from '../board/places.js';
import { QvmError } from '../errors/qvm-error.js';
import type { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import type { IoPortMap } from '../memory/io-port-map.js';
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
  /** First port of each range of I/O ports, by request name. */
  readonly portBase: Readonly<Record<string, number>>;
  /** By request name. */
  readonly interrupts: Readonly<Record<string, number>>;
  /** By request name. */
  readonly windowBase: Readonly<Record<string, number>>;
}

/** Size of a block in the page tables of guests. */
const WINDOW_ALIGNMENT = 0x20_0000;

/** Interrupt numbers in use, and by whom. */
export type InterruptOwners = Map<number, string>;

/** One of the two spaces in which a vdev has ranges, as its placement needs it. */
interface RangeSpace {
  /** The option that places the first range. */
  readonly option: 'base' | 'ports';
  /** Word for the contents of the ranges, for errors. */
  readonly what: string;
  /** The thing that a vdev without ranges lacks, for errors. */
  readonly lack: string;
  /** One location, for errors. */
  readonly location: string;
  readonly requests: readonly { readonly name: string }[];
  /** Value of the option. */
  readonly explicit: number | undefined;
  /** The board's locations, by request name. */
  readonly known: Readonly<Record<string, number>>;
  ownerOf(location: number): { readonly name: string } | undefined;
}

function placeRanges({ name, type }: PlacedVdev, board: Board, space: RangeSpace): Readonly<Record<string, number>> {
  const { option, requests, explicit } = space;
  if (explicit !== undefined && requests.length === 0) {
    throw new QvmError('vdev.option', `The vdev ${name} has no ${space.lack}, so it takes no ${option}.`);
  }
  const help = option === 'base' ? 'a base' : 'ports';
  const placed = requests.map(({ name: range }, index) => {
    const location = (index === 0 ? explicit : undefined) ?? space.known[range];
    if (location === undefined) {
      const which = index === 0 ? 'place' : `${space.location} of the ${range} ${space.what}`;
      throw new QvmError(
        'vdev.no-base',
        missing(board, which, { name, type }, index === 0 ? `give it ${help}` : undefined),
      );
    }
    const owner = location === explicit ? undefined : space.ownerOf(location);
    if (owner !== undefined) {
      throw new QvmError(
        'vdev.base-taken',
        `The ${space.location} 0x${location.toString(16)} that the board ${board.name} has for the vdev ${name} belongs to ${owner.name}: give it ${help}.`,
      );
    }
    return [range, location] as const;
  });
  return Object.fromEntries(placed);
}

function placeRegisters(vdev: PlacedVdev, explicit: number | undefined, place: ResolvedPlace, space: PlacementSpace) {
  return placeRanges(vdev, space.board, {
    option: 'base',
    what: 'registers',
    lack: 'registers in memory',
    location: 'address',
    requests: vdev.resources.mmio ?? [],
    explicit,
    known: place.mmio,
    ownerOf: (address) => space.map.find(address),
  });
}

/** @throws `QvmError` `vdev.no-ports` when the machine has none. */
function placePorts(vdev: PlacedVdev, explicit: number | undefined, place: ResolvedPlace, space: PlacementSpace) {
  const requests = vdev.resources.ports ?? [];
  if (requests.length !== 0 && space.board.ioPorts !== true) {
    throw new QvmError(
      'vdev.no-ports',
      `The vdev ${vdev.name} (${vdev.type}) is a device of another architecture: it has I/O ports, which ${space.board.architecture} guests do not have.`,
    );
  }
  return placeRanges(vdev, space.board, {
    option: 'ports',
    what: 'ports',
    lack: 'I/O ports here',
    location: 'port',
    requests,
    explicit,
    known: place.ports,
    ownerOf: (port) => space.ports.find(port),
  });
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
    if (owner !== undefined) requireSharing(name, chosen, owner, explicit !== undefined, board);
    if (owner === undefined) owners.set(chosen, name);
    return [line, chosen] as const;
  });
  return Object.fromEntries(placed);
}

/** A shared input is fine where it is asked for, if it sees levels: its level is the OR of the sources. */
function requireSharing(vdev: string, number: number, owner: string, asked: boolean, board: Board): void {
  const { exclusive } = board.interrupts;
  if (!asked) {
    throw new QvmError(
      'vdev.irq-taken',
      `The interrupt ${number} that the board ${board.name} has for the vdev ${vdev} belongs to ${owner}: give it an irq.`,
    );
  }
  if (exclusive !== undefined && number >= exclusive.first && number <= exclusive.last) {
    throw new QvmError(
      'vdev.irq-taken',
      `The vdev ${vdev} cannot share the interrupt ${number} with ${owner}: on the board ${board.name}, interrupts ${exclusive.first} to ${exclusive.last} have one source.`,
    );
  }
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

/** The place of a vdev as far as its options determine it. */
interface ExplicitPlace {
  readonly base: number | undefined;
  readonly port: number | undefined;
  readonly number: number | undefined;
}

/** `base` is the first port of a vdev that has ports and no registers in memory. */
function explicitPlace({ resources, options: { base, ports, irq: number } }: PlacedVdev): ExplicitPlace {
  const portsAlone = resources.mmio === undefined && resources.ports !== undefined;
  return portsAlone ? { base: undefined, port: ports ?? base, number } : { base, port: ports, number };
}

/**
 * Chooses the place of a vdev: that of its `base` or `ports`, else the first with all free that is left to the board. A
 * base that is no place's leaves the interrupts of the first one.
 */
function choosePlace(
  { name, type, resources }: PlacedVdev,
  explicit: ExplicitPlace,
  { board, map, ports: portMap, owners }: PlacementSpace,
): ResolvedPlace {
  const places = placesFor(board, type, resources);
  const [first = NO_PLACE] = places;
  const range = resources.mmio?.[0]?.name ?? '';
  const portRange = resources.ports?.[0]?.name ?? '';
  const line = resources.interrupts?.[0]?.name;
  if (explicit.base !== undefined) return places.find(({ mmio }) => mmio[range] === explicit.base) ?? first;
  if (explicit.port !== undefined) return places.find(({ ports }) => ports[portRange] === explicit.port) ?? first;
  const free = places.find(
    ({ mmio, ports, interrupts }) =>
      Object.values(mmio).every((address) => map.find(address) === undefined) &&
      Object.values(ports).every((port) => portMap.find(port) === undefined) &&
      Object.entries(interrupts).every(
        ([interrupt, number]) => (interrupt === line && explicit.number !== undefined) || !owners.has(number),
      ),
  );
  if (free !== undefined || places.length < 2) return free ?? first;
  throw new QvmError(
    'vdev.base-taken',
    `All ${places.length} places that the board ${board.name} has for the vdev ${name} are taken: give it ${resources.mmio === undefined && resources.ports !== undefined ? 'ports' : 'a base'}.`,
  );
}

const NO_PLACE: ResolvedPlace = { mmio: {}, ports: {}, interrupts: {} };

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
  readonly ports: IoPortMap;
  readonly owners: InterruptOwners;
}

/**
 * Decides addresses and interrupt numbers of one instance from its options and the board.
 *
 * @throws `QvmError` `vdev.option`, `vdev.no-base`, `vdev.base-taken`, `vdev.no-ports`, `vdev.no-irq`, `vdev.irq-taken`.
 */
export function placeVdev(vdev: PlacedVdev, space: PlacementSpace): VdevPlacement {
  const explicit = explicitPlace(vdev);
  const place = choosePlace(vdev, explicit, space);
  return {
    mmioBase: placeRegisters(vdev, explicit.base, place, space),
    portBase: placePorts(vdev, explicit.port, place, space),
    interrupts: placeInterrupts(vdev, explicit.number, place, space),
    windowBase: placeWindows(vdev.resources, space.map),
  };
}
