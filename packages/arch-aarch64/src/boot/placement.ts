import { alignUp, ImageError, sizeText } from '@qvm/core/architecture';
import type { AddressRange, BootFile, RamPlan } from '@qvm/core/architecture';
import type { ImageSegment, LoadableImage } from './image.js';

/**
 * The kernel maps the device tree with blocks of this size and accepts no larger tree (Linux,
 * Documentation/arch/arm64/booting.rst).
 */
const TREE_BLOCK = 0x20_0000;
const PAGE = 0x1000;

/** An image and its place in RAM. */
export interface PlacedImage {
  /** Guest-physical address of the first instruction. */
  readonly entry: number;
  readonly segments: readonly ImageSegment[];
  /** The first address after it. */
  readonly end: number;
  /** The image's format, which tells where it expects the device tree besides X0. */
  readonly format: LoadableImage['format'];
}

/** Places an image at its own addresses, or from the bottom of RAM. */
export function placeImage(plan: RamPlan, image: LoadableImage, name: string): PlacedImage {
  const { format } = image;
  if (format === 'elf') {
    for (const { address, size } of image.segments) plan.take(name, address, size);
    const end = Math.max(...image.segments.map(({ address, size }) => address + size));
    return { entry: image.entry, segments: image.segments, end, format };
  }
  const { bytes, size } = image;
  const entry = placeOf(plan, image);
  if (entry === undefined) throw plan.noRoom(name, size);
  plan.take(name, entry, size);
  return { entry, segments: [{ address: entry, bytes, size }], end: entry + size, format };
}

/**
 * The lowest place that is `offset` bytes after a multiple of the alignment. The boot protocol wants that multiple in
 * RAM, too; a multiple outside RAM is used only if there is no other place.
 */
function placeOf(plan: RamPlan, image: Exclude<LoadableImage, { format: 'elf' }>): number | undefined {
  const { size, alignment, offset } = image;
  for (const below of [0, offset]) {
    for (const range of plan.ram) {
      // Only the image must be free, not the `offset` bytes before it.
      const shifted = { base: range.base + offset - below, size: range.size - offset + below };
      const at = plan.lowest(shifted, size, alignment, shifted.base, offset);
      if (at !== undefined) return at;
    }
  }
  return undefined;
}

/**
 * Places the initial file system. Leaves room for the tree's block between the image and it, if RAM is large enough.
 */
export function placeInitrd(plan: RamPlan, { name, bytes }: BootFile, image: PlacedImage): AddressRange {
  const size = bytes.length;
  if (size === 0) throw new ImageError('truncated', `${name} is empty.`);
  const place = (base: number): AddressRange => {
    plan.take(name, base, size);
    return { base, size };
  };
  const usual = alignUp(image.end, TREE_BLOCK) + TREE_BLOCK;
  if (plan.isFree(usual, size)) return place(usual);
  for (const range of homeFirst(plan, image)) {
    const at = plan.highest(range, size, PAGE);
    if (at !== undefined) return place(at);
  }
  throw plan.noRoom(name, size);
}

/**
 * Places the device tree. An image other than a Linux kernel may look for it at the beginning of RAM, as on QEMU's
 * board; Linux' boot protocol passes its address in X0 only.
 */
export function placeTree(plan: RamPlan, size: number, image: PlacedImage): number {
  const linux = image.format === 'linux';
  if (linux && size > TREE_BLOCK)
    throw new ImageError(
      'too-large',
      `The device tree has ${sizeText(size)}; a kernel takes at most ${sizeText(TREE_BLOCK)}.`,
    );
  const bottom = plan.ram[0]?.base;
  if (!linux && bottom !== undefined && plan.isFree(bottom, size)) return bottom;
  const usual = alignUp(image.end, TREE_BLOCK);
  if (plan.isFree(usual, size)) return usual;
  for (const alignment of [TREE_BLOCK, PAGE, 8]) {
    for (const range of homeFirst(plan, image)) {
      const at = plan.lowest(range, size, alignment, image.end) ?? plan.lowest(range, size, alignment);
      if (at !== undefined) return at;
    }
  }
  throw plan.noRoom('The device tree', size);
}

/** The ranges of RAM, first the one in which the image ends. */
function homeFirst(plan: RamPlan, image: PlacedImage): readonly AddressRange[] {
  const home = plan.around(image.end - 1);
  return [...plan.ram].sort((x, y) => Number(y === home) - Number(x === home));
}
