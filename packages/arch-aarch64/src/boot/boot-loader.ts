import { RamPlan, writeDeviceTree } from '@qvm/core/architecture';
import type { BootRequest, MachineServices, MemoryRegion } from '@qvm/core/architecture';
import type { GuestMemory } from '@qvm/core/vdev';
import type { BoardDescription } from './device-tree.js';
import { generateTree } from './device-tree.js';
import { readImage } from './image.js';
import type { ImageSegment } from './image.js';
import { readGivenTree } from './given-tree.js';
import type { GivenTree } from './given-tree.js';
import { placeImage, placeInitrd, placeTree } from './placement.js';

/** Source of zeros for the memory after a segment's bytes, which is cleared in pieces of at most this size. */
const ZEROS = new Uint8Array(0x1_0000);

/** Where the boot vCPU starts and what it finds in X0. @experimental */
export interface BootEntry {
  readonly entry: number;
  readonly deviceTree: number;
}

/** The segments that a boot writes into memory; each has a free place. @experimental */
export interface BootPlan extends BootEntry {
  readonly segments: readonly ImageSegment[];
}

/**
 * Loads a guest according to {@link planGuest}. Nothing is written before everything has a place.
 *
 * @throws as `planGuest`.
 * @experimental
 */
export async function loadGuest(
  request: BootRequest,
  services: MachineServices,
  affinities: readonly bigint[],
): Promise<BootEntry> {
  const { entry, deviceTree, segments } = await planGuest(request, services, affinities);
  for (const segment of segments) write(services.guestMemory, segment);
  return { entry, deviceTree };
}

/**
 * Places image, initial file system and device tree in RAM: the image where it says or from the bottom, then the tree
 * on a boundary of 2 MiB (for an image that is no Linux kernel, at the beginning of RAM), then the initial file
 * system; where RAM is too small for that, wherever there is room. Ranges that a given tree, vdevs and data files have
 * reserved stay free.
 *
 * @throws `ImageError` when something cannot be loaded or does not fit; `QvmError` `devicetree.malformed`.
 * @experimental
 */
export async function planGuest(
  request: BootRequest,
  services: MachineServices,
  affinities: readonly bigint[],
): Promise<BootPlan> {
  const { initrd: initrdFile, commandLine = '', stdoutPath, reservations = [], data = [] } = request;
  const given = request.deviceTree && readGivenTree(request.deviceTree);
  const ram = services.map.regions
    .filter((r) => r.kind === 'ram' && r.window !== true)
    .map(({ base, size }) => ({ base, size }));
  const plan = new RamPlan(ram);
  for (const { name, base, size } of given?.reserved ?? []) plan.avoid(name, base, size);
  for (const { name, base, size } of reservations)
    plan.take(`${name}, which a vdev shares with the guest,`, base, size);
  for (const { name, address, bytes } of data) plan.avoid(name, address, bytes.length);
  const image = placeImage(plan, await readImage(request.image, plan.size), request.image.name);
  const initrd = initrdFile && placeInitrd(plan, initrdFile, image);
  const seed = randomSeed(services.clock.kind);
  const board = {
    facts: services.board.deviceTree,
    ram,
    reservations,
    affinities,
    commandLine,
    initrd,
    stdoutPath,
    randomSeed: seed,
  };
  const tree = makeTree(request, services, given, board);
  const deviceTree = placeTree(plan, tree.length, image);
  const whole = (address: number, bytes: Uint8Array): ImageSegment => ({ address, bytes, size: bytes.length });
  const segments = [
    ...image.segments,
    ...(initrd && initrdFile ? [whole(initrd.base, initrdFile.bytes)] : []),
    whole(deviceTree, tree),
  ];
  return { entry: image.entry, deviceTree, segments };
}

function makeTree(
  request: BootRequest,
  services: MachineServices,
  given: GivenTree | undefined,
  board: BoardDescription,
): Uint8Array {
  const tree = given
    ? given.patch(board, (address) => isPopulated(services.map.find(address)))
    : generateTree(board, request.vdevNodes);
  return writeDeviceTree(services.hooks.deviceTree.call(tree), given && { reservations: given.reservations });
}

/** Whether there is more at an address than an empty place of the board, in which a driver finds nothing. */
function isPopulated(region: MemoryRegion | undefined): boolean {
  return region !== undefined && !(region.kind === 'mmio' && region.empty === true);
}

/** Writes a segment, which may span several regions that are not contiguous in host memory. */
function write(memory: GuestMemory, { address, bytes, size }: ImageSegment): void {
  memory.write(address, bytes);
  for (let at = bytes.length; at < size; at += ZEROS.length)
    memory.write(address + at, ZEROS.subarray(0, Math.min(ZEROS.length, size - at)));
}

const SEED_WORDS = 8;

/** Seed for the guest's random number generator: fresh entropy, or a fixed value under deterministic time. */
function randomSeed(time: 'real-time' | 'icount'): readonly number[] {
  const words = new Uint32Array(SEED_WORDS);
  if (time === 'icount') return Array.from(words, (_, i) => Math.imul(i + 1, 0x9e37_79b9) >>> 0);
  return Array.from(crypto.getRandomValues(words));
}
