import { alignUp, ImageError, writeDeviceTree } from '@qvm/core/architecture';
import type { BootFile, BootRequest, MachineServices } from '@qvm/core/architecture';
import type { GuestMemory } from '@qvm/core/vdev';
import type { AddressRange, BoardDescription } from './device-tree.js';
import { generateTree } from './device-tree.js';
import { readImage } from './image.js';
import type { ImageSegment, LoadableImage } from './image.js';
import { readGivenTree } from './given-tree.js';
import type { GivenTree } from './given-tree.js';
import { RamPlan } from './ram-plan.js';
import { sizeText } from './size-text.js';

/**
 * The kernel maps the device tree by blocks of this size, and takes none that is larger (Linux,
 * Documentation/arch/arm64/booting.rst).
 */
const TREE_BLOCK = 0x20_0000;
const PAGE = 0x1000;
/** Memory behind a segment is cleared in pieces of at most this. */
const ZEROS = new Uint8Array(0x1_0000);

/** Where the boot vCPU starts and what it finds in X0. @experimental */
export interface BootEntry {
  readonly entry: number;
  readonly deviceTree: number;
}

interface PlacedImage {
  readonly entry: number;
  readonly segments: readonly ImageSegment[];
}

/**
 * Places image, initial file system and device tree in RAM: the image where it says or from the bottom, then the tree on a
 * boundary of 2 MiB, then the initial file system; where RAM is too small for that, wherever there is room. Nothing is written
 * before everything has a place.
 *
 * @throws `ImageError` when something cannot be loaded or does not fit; `QvmError` `devicetree.malformed`.
 * @experimental
 */
export async function loadGuest(
  request: BootRequest,
  services: MachineServices,
  affinities: readonly bigint[],
): Promise<BootEntry> {
  const given = request.deviceTree && readGivenTree(request.deviceTree);
  const ram = services.map.regions
    .filter((r) => r.kind === 'ram' && r.window !== true)
    .map(({ base, size }) => ({ base, size }));
  const plan = new RamPlan(ram);
  given?.reservations.forEach(({ address, size }) => plan.avoid('a reserved range', address, size));
  const reservations = request.reservations ?? [];
  reservations.forEach(({ name, base, size }) => plan.avoid(name, base, size));
  const image = placeImage(plan, await readImage(request.image), request.image.name);
  const behind = Math.max(...image.segments.map(({ address, size }) => address + size));
  const initrd = request.initrd && placeInitrd(plan, request.initrd, behind);
  const { commandLine = '', stdoutPath } = request;
  const tree = makeTree(request, services, given, {
    ram,
    reservations,
    affinities,
    commandLine,
    initrd,
    stdoutPath,
    randomSeed: randomSeed(services.clock.kind),
  });
  const deviceTree = placeTree(plan, tree.length, behind);
  for (const segment of image.segments) write(services.guestMemory, segment);
  if (initrd && request.initrd) services.guestMemory.write(initrd.base, request.initrd.bytes);
  services.guestMemory.write(deviceTree, tree);
  return { entry: image.entry, deviceTree };
}

function placeImage(plan: RamPlan, image: LoadableImage, name: string): PlacedImage {
  if (image.format === 'elf') {
    for (const { address, size } of image.segments) plan.take(name, address, size);
    return image;
  }
  const { bytes, size, alignment, offset } = image;
  for (const range of plan.ram) {
    const at = plan.lowest({ base: range.base - offset, size: range.size + offset }, size + offset, alignment);
    // Nothing of the image lies in the bytes up to its offset; they need not even be RAM.
    if (at === undefined || !plan.isFree(at + offset, size)) continue;
    plan.take(name, at + offset, size);
    return { entry: at + offset, segments: [{ address: at + offset, bytes, size }] };
  }
  throw plan.noRoom(name, size);
}

/** Room for the tree's block is left between the image and the initial file system, if RAM has it. */
function placeInitrd(plan: RamPlan, { name, bytes }: BootFile, behind: number): AddressRange {
  const size = bytes.length;
  if (size === 0) throw new ImageError('truncated', `${name} is empty.`);
  const place = (base: number): AddressRange => {
    plan.take(name, base, size);
    return { base, size };
  };
  const usual = alignUp(behind, TREE_BLOCK) + TREE_BLOCK;
  if (plan.isFree(usual, size)) return place(usual);
  for (const range of homeFirst(plan, behind)) {
    const at = plan.highest(range, size, PAGE);
    if (at !== undefined) return place(at);
  }
  throw plan.noRoom(name, size);
}

function placeTree(plan: RamPlan, size: number, behind: number): number {
  if (size > TREE_BLOCK)
    throw new ImageError(
      'too-large',
      `The device tree has ${sizeText(size)}; a kernel takes at most ${sizeText(TREE_BLOCK)}.`,
    );
  const usual = alignUp(behind, TREE_BLOCK);
  if (plan.isFree(usual, size)) return usual;
  for (const alignment of [TREE_BLOCK, PAGE, 8]) {
    for (const range of homeFirst(plan, behind)) {
      const at = plan.lowest(range, size, alignment, behind) ?? plan.lowest(range, size, alignment);
      if (at !== undefined) return at;
    }
  }
  throw plan.noRoom('The device tree', size);
}

/** The RAM that the image ends in, then the others. */
function homeFirst(plan: RamPlan, behind: number): readonly AddressRange[] {
  const home = plan.around(behind - 1);
  return [...plan.ram].sort((x, y) => Number(y === home) - Number(x === home));
}

function makeTree(
  request: BootRequest,
  services: MachineServices,
  given: GivenTree | undefined,
  board: BoardDescription,
): Uint8Array {
  const tree = given
    ? given.patch(board, (address) => services.map.find(address) !== undefined)
    : generateTree(board, request.vdevNodes);
  return writeDeviceTree(services.hooks.deviceTree.call(tree), given && { reservations: given.reservations });
}

/** A segment may reach over several regions, which are not one piece for the host. */
function write(memory: GuestMemory, { address, bytes, size }: ImageSegment): void {
  memory.write(address, bytes);
  for (let at = bytes.length; at < size; at += ZEROS.length)
    memory.write(address + at, ZEROS.subarray(0, Math.min(ZEROS.length, size - at)));
}

const SEED_WORDS = 8;

/** Fresh entropy; the same in every run under deterministic time. */
function randomSeed(time: 'real-time' | 'icount'): readonly number[] {
  const words = new Uint32Array(SEED_WORDS);
  if (time === 'icount') return Array.from(words, (_, i) => Math.imul(i + 1, 0x9e37_79b9) >>> 0);
  return Array.from(crypto.getRandomValues(words));
}
