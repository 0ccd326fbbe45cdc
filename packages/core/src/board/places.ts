import type { VdevMachine, VdevResources } from '../vdev/vdev.js';
import type { Board, BoardPlace, BoardRow } from './board.js';

/**
 * The machine of a board, for the resources of vdevs on it.
 *
 * @experimental
 */
export function machineOf({ ioPorts, places = {} }: Partial<Pick<Board, 'ioPorts' | 'places'>>): VdevMachine {
  return { ioPorts: ioPorts === true, place: (word) => own(places, word) };
}

/**
 * One place for a vdev: addresses of its registers, its I/O ports and numbers of its interrupts, by request name. Those that the
 * board does not define are missing.
 *
 * @experimental
 */
export interface ResolvedPlace {
  /** First guest-physical address of each range of registers, by name. */
  readonly mmio: Readonly<Record<string, number>>;
  /** First port of each range of I/O ports, by name. */
  readonly ports: Readonly<Record<string, number>>;
  /** Number of each interrupt, by name. */
  readonly interrupts: Readonly<Record<string, number>>;
}

/**
 * The places that a board has for a vdev, in order of preference; empty when the board knows neither its type nor its
 * role.
 *
 * @param type - type of the vdev; it takes precedence over the role of the resources.
 * @experimental
 */
export function placesFor(board: Board, type: string, resources: VdevResources): readonly ResolvedPlace[] {
  const place = own(board.places, type) ?? own(board.places, resources.role);
  if (place === undefined) return [];
  const { count, addressStride, portStride = 0, interruptStride } = place.row ?? SINGLE;
  return Array.from({ length: count }, (_, index) => ({
    mmio: valuesOf(place.base, resources.mmio, index * addressStride),
    ports: valuesOf(place.port, resources.ports, index * portStride),
    interrupts: valuesOf(place.interrupt, resources.interrupts, index * interruptStride),
  }));
}

const SINGLE: BoardRow = { count: 1, addressStride: 0, interruptStride: 0 };

/** Looks up own properties only, because the word comes from a configuration or a plugin. */
function own(places: Board['places'], word: string | undefined): BoardPlace | undefined {
  return word !== undefined && Object.hasOwn(places, word) ? places[word] : undefined;
}

function valuesOf(
  values: BoardPlace['base'],
  requests: readonly { readonly name: string }[] = [],
  offset: number,
): Readonly<Record<string, number>> {
  const byName = typeof values === 'number' ? { [requests[0]?.name ?? '']: values } : (values ?? {});
  const found = requests.flatMap(({ name }) => {
    const value = Object.hasOwn(byName, name) ? byName[name] : undefined;
    return value === undefined ? [] : [[name, value + offset] as const];
  });
  return Object.fromEntries(found);
}
