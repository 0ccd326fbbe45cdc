import { ImageError, formatRange, writeDeviceTree } from '@qvm/core';
import type { BootFile, BootRequest, MachineServices, RamRegion } from '@qvm/core';
import { generateTree, patchTree } from './device-tree.js';
import type { AddressRange, BoardDescription } from './device-tree.js';
import { readImage } from './image.js';
import type { ImageSegment, LoadableImage } from './image.js';

/** The kernel maps the device tree as one block of this size (Linux, Documentation/arm64/booting.rst). */
const TREE_ALIGNMENT = 0x20_0000;
const PAGE = 0x1000;

/** Where the boot vCPU starts and what it finds in X0. @experimental */
export interface BootEntry {
  readonly entry: number;
  readonly deviceTree: number;
}

const alignUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/**
 * Places image, initial file system and device tree in RAM: the image from the bottom, then the tree on a boundary of 2 MiB, then
 * the initial file system.
 *
 * @throws `ImageError` when something does not fit.
 * @experimental
 */
export async function loadGuest(request: BootRequest, services: MachineServices, affinities: readonly bigint[]): Promise<BootEntry> {
  const ram = services.map.regions.filter((r): r is RamRegion => r.kind === 'ram');
  const image = await readImage(request.image, (ram[0] as RamRegion).base);
  for (const segment of image.segments) place(services, request.image.name, segment);
  const home = ram.find((r) => image.end > r.base && image.end <= r.base + r.size) ?? (ram[0] as RamRegion);
  const treeAt = alignUp(Math.max(image.end, home.base), TREE_ALIGNMENT);
  const initrd = request.initrd && placeInitrd(services, request.initrd, treeAt + TREE_ALIGNMENT, home);
  const board: BoardDescription = {
    ram: ram.map(({ base, size }) => ({ base, size })),
    affinities,
    commandLine: request.commandLine ?? '',
    initrd,
    stdoutPath: request.stdoutPath,
  };
  const bytes = writeDeviceTree(services.hooks.deviceTree.call(makeTree(request, board)));
  if (bytes.length > TREE_ALIGNMENT) throw new ImageError('too-large', `The device tree has ${bytes.length} bytes; a kernel takes at most ${TREE_ALIGNMENT}.`);
  place(services, 'The device tree', { address: treeAt, bytes, size: bytes.length });
  checkKernelEnd(services, request.image, image);
  return { entry: image.entry, deviceTree: treeAt };
}

function makeTree(request: BootRequest, board: BoardDescription) {
  return request.deviceTree ? patchTree(request.deviceTree.bytes, board) : generateTree(board, request.vdevNodes);
}

function placeInitrd(services: MachineServices, file: BootFile, address: number, home: RamRegion): AddressRange {
  const { bytes } = file;
  const end = home.base + home.size;
  // A small RAM may have no room behind the tree's block; the top of the region is the other good place.
  const at = address + bytes.length <= end ? address : Math.max(address - TREE_ALIGNMENT + PAGE, end - alignUp(bytes.length, PAGE));
  place(services, file.name, { address: at, bytes, size: bytes.length });
  return { base: at, size: bytes.length };
}

function place(services: MachineServices, name: string, { address, bytes, size }: ImageSegment): void {
  if (!services.guestMemory.contains(address, Math.max(size, bytes.length), true)) {
    throw new ImageError('does-not-fit', `${name} needs ${formatRange(address, Math.max(size, bytes.length))}, which is not in RAM${ramHint(services)}`);
  }
  services.guestMemory.write(address, bytes);
  if (size > bytes.length) services.guestMemory.view(address + bytes.length, size - bytes.length).fill(0);
}

function checkKernelEnd(services: MachineServices, file: BootFile, image: LoadableImage): void {
  if (image.end > image.entry && !services.guestMemory.contains(image.entry, image.end - image.entry, true)) {
    throw new ImageError('does-not-fit', `${file.name} needs ${formatRange(image.entry, image.end - image.entry)} with its data, which is not in RAM${ramHint(services)}`);
  }
}

function ramHint(services: MachineServices): string {
  const ram = services.map.regions.filter((r) => r.kind === 'ram').map((r) => formatRange(r.base, r.size));
  return ` (RAM: ${ram.join(', ')}); give the VM more.`;
}
