import { alignUp, ImageError } from '@qvm/core/architecture';
import type { BootFile } from '@qvm/core/architecture';
import type { AddressRange } from './device-tree.js';
import type { ImageSegment, LoadableImage } from './image.js';
import type { RamPlan } from './ram-plan.js';
import { sizeText } from './size-text.js';

/**
 * The kernel maps the device tree by blocks of this size, and takes none that is larger (Linux,
 * Documentation/arch/arm64/booting.rst).
 */
const TREE_BLOCK = 0x20_0000;
const PAGE = 0x1000;

/** An image that has its place. */
export interface PlacedImage {
  /** Guest-physical address of the first instruction. */
  readonly entry: number;
  readonly segments: readonly ImageSegment[];
  /** The first address after it. */
  readonly end: number;
  /** Where it expects the device tree, if not in X0 alone. */
  readonly format: LoadableImage['format'];
}

/** Places an image where it says, or from the bottom of RAM. */
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
 * The lowest place, `offset` bytes after a multiple of the alignment. That multiple is in RAM, too, as the boot protocol has it, unless
 * there is room only where it is not.
 */
function placeOf(plan: RamPlan, image: Exclude<LoadableImage, { format: 'elf' }>): number | undefined {
  const { size, alignment, offset } = image;
  for (const below of [0, offset]) {
    for (const range of plan.ram) {
      // What is taken may lie in the bytes up to the offset: only the image must be free.
      const shifted = { base: range.base + offset - below, size: range.size - offset + below };
      const at = plan.lowest(shifted, size, alignment, shifted.base, offset);
      if (at !== undefined) return at;
    }
  }
  return undefined;
}

/** Places the initial file system. Room for the tree's block is left between the image and it, if RAM has it. */
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
 * Places the device tree. An image that is no Linux kernel may look for it at the beginning of RAM, where QEMU's board has it; the
 * boot protocol of Linux says X0 only.
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

/** The RAM that the image ends in, then the others. */
function homeFirst(plan: RamPlan, image: PlacedImage): readonly AddressRange[] {
  const home = plan.around(image.end - 1);
  return [...plan.ram].sort((x, y) => Number(y === home) - Number(x === home));
}
