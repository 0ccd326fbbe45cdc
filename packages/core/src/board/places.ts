import type { VdevResources } from '../vdev/vdev.js';
import type { Board, BoardPlace } from './board.js';

/**
 * One place for a vdev: addresses of its registers and numbers of its interrupts, by request name. What the board does not say
 * is missing.
 *
 * @experimental
 */
export interface ResolvedPlace {
  readonly mmio: Readonly<Record<string, number>>;
  readonly interrupts: Readonly<Record<string, number>>;
}

/**
 * The places that a board has for a vdev, the one to take first in front; empty when the board knows neither its type nor its role.
 *
 * @param type - of the vdev; it counts before the role of the resources.
 * @experimental
 */
export function placesFor(board: Board, type: string, resources: VdevResources): readonly ResolvedPlace[] {
  const place = own(board.places, type) ?? own(board.places, resources.role);
  if (place === undefined) return [];
  const { count, addressStride, interruptStride } = place.row ?? { count: 1, addressStride: 0, interruptStride: 0 };
  return Array.from({ length: count }, (_, index) => ({
    mmio: valuesOf(place.base, resources.mmio, index * addressStride),
    interrupts: valuesOf(place.interrupt, resources.interrupts, index * interruptStride),
  }));
}

/** A name comes from a configuration or a plugin: only the board's own words count. */
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
