import type { AcpiProcessor } from '@qvm/acpi';
import type { BootRequest, MachineServices } from '@qvm/core/architecture';
import { planGuest } from './boot-plan.js';
import type { LoadedSegment } from './boot-contents.js';
import type { InitialState } from './initial-state.js';

/** Source of zeros for the memory after a segment's bytes, which is cleared in pieces of at most this size. */
const ZEROS = new Uint8Array(0x1_0000);
/** Bytes that are read at a time. */
const PIECE = 0x10_0000;

/**
 * Loads a guest according to `planGuest`. Nothing is written before everything has a place.
 *
 * @param processors - the vCPUs, for the ACPI tables.
 * @returns the state in which the first vCPU begins.
 * @throws as `planGuest`.
 * @experimental
 */
export async function loadGuest(
  request: BootRequest,
  services: Pick<MachineServices, 'map' | 'memory' | 'guestMemory'>,
  processors: readonly AcpiProcessor[],
): Promise<InitialState> {
  const { segments, state, firmwareFiles = [] } = await planGuest(request, services, processors);
  for (const segment of segments) write(services, segment);
  for (const file of firmwareFiles) request.firmware?.putFile(file);
  return state;
}

/** Writes a segment: into ROM as the maker of the machine does, into RAM across regions. */
function write({ map, memory, guestMemory }: Parameters<typeof loadGuest>[1], segment: LoadedSegment): void {
  const { address, contents, size } = segment;
  const region = map.find(address);
  const rom = region?.kind === 'rom' ? region.offset - region.base : undefined;
  for (let at = 0; at < contents.length; at += PIECE) {
    const piece = contents.piece(at, Math.min(at + PIECE, contents.length));
    if (rom === undefined) guestMemory.write(address + at, piece);
    else memory.u8.set(piece, rom + address + at);
  }
  for (let at = contents.length; at < size; at += ZEROS.length)
    guestMemory.write(address + at, ZEROS.subarray(0, Math.min(ZEROS.length, size - at)));
}
