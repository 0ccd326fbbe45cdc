import type { GuestMemory } from '@qvm/core/vdev';
import { GuestArea } from './guest-area.js';
import { packedGeometry, PackedRing } from './packed-ring.js';
import type { AreaSpec, Ring } from './ring.js';
import { splitGeometry, SplitRing } from './split-ring.js';

/** The negotiated features that rings depend on. */
export interface RingFeatures {
  readonly packed: boolean;
  readonly indirect: boolean;
  readonly eventIndex: boolean;
}

/**
 * Makes the device's side of a queue, if it is entirely in RAM according to the format.
 *
 * @param areas - guest-physical addresses of descriptor, driver and device area.
 * @param saved - the result of the ring's `save`.
 * @returns the ring, or the problem of its location.
 * @throws VdevStateError when `saved` is invalid.
 */
export function createRing(
  memory: GuestMemory,
  size: number,
  areas: readonly number[],
  features: RingFeatures,
  saved?: unknown,
): Ring | string {
  const geometry = features.packed ? packedGeometry : splitGeometry;
  if (size === 0) return 'a size of 0';
  const problem = geometry.sizeProblem(size);
  if (problem !== undefined) return problem;
  const resolved: GuestArea[] = [];
  for (const [index, spec] of geometry.areas(size).entries()) {
    const area = resolveArea(memory, areas[index] ?? 0, spec);
    if (typeof area === 'string') return area;
    resolved.push(area);
  }
  const [descriptors, driver, device] = resolved as [GuestArea, GuestArea, GuestArea];
  const { indirect, eventIndex } = features;
  const setup = { memory, size, descriptors, driver, device, indirect, eventIndex };
  return features.packed ? new PackedRing(setup, saved) : new SplitRing(setup, saved);
}

function resolveArea(memory: GuestMemory, address: number, { name, bytes, alignment }: AreaSpec): GuestArea | string {
  const where = `the ${name} at 0x${address.toString(16)}`;
  if (address % alignment !== 0) return `${where}, which is not aligned to ${alignment}`;
  return GuestArea.at(memory, address, bytes, 'write') ?? `${where}, which is not ${bytes} bytes in one piece of RAM`;
}
