import type { AccessWidth, PortHandler } from '@qvm/core/vdev';
import { createRandom } from '../random.js';

const WIDTHS: readonly AccessWidth[] = [1, 2, 4];
/** Largest number of accesses of one width to a range; larger ranges are sampled. */
const MAX_ACCESSES = 8192;

/**
 * Reads and writes a range of registers or I/O ports with random values, at every aligned offset and in all widths (or a random
 * sample of a large range), in random order.
 *
 * @returns a description of the first problem (an access threw, or a value was not an unsigned number of its width), or
 * `undefined`.
 * @experimental
 */
export function findBadAccess(handler: PortHandler, size: number, seed: number): string | undefined {
  const random = createRandom(seed);
  for (const width of WIDTHS) {
    const places = Math.floor(size / width);
    const count = Math.min(places * 2, MAX_ACCESSES);
    for (let index = 0; index < count; index++) {
      const place = places <= MAX_ACCESSES / 2 && index < places ? index : random() % places;
      const problem = tryAccess(handler, place * width, width, random);
      if (problem !== undefined) {
        return problem;
      }
    }
  }
  return undefined;
}

function tryAccess(handler: PortHandler, offset: number, width: AccessWidth, random: () => number): string | undefined {
  const limit = 2 ** (8 * width);
  const where = `offset 0x${offset.toString(16)}, width ${width}`;
  try {
    if ((random() & 1) === 0) {
      handler.write(offset, width, random() % limit);
    }
    const value = handler.read(offset, width);
    return Number.isInteger(value) && value >= 0 && value < limit && !Object.is(value, -0)
      ? undefined
      : `${where}: read gave ${String(value)}`;
  } catch (error) {
    return `${where}: threw ${String(error)}`;
  }
}
