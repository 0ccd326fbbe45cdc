import type { DataFile } from '../architecture/architecture.js';
import { ImageError } from '../loader/image-error.js';
import type { PhysicalMap } from '../memory/physical-map.js';
import type { VmMemory } from '../memory/vm-memory.js';

/**
 * Puts a file into RAM, or into ROM, which the guest and its devices cannot write.
 *
 * @throws {@link ImageError} `image.does-not-fit` when the file does not lie within one region.
 */
export function loadData({ name, bytes, address }: DataFile, map: PhysicalMap, memory: VmMemory): void {
  const region = map.find(address);
  const isMemory = region?.kind === 'ram' || region?.kind === 'rom';
  if (!isMemory || address + bytes.length > region.base + region.size) {
    const where = `0x${address.toString(16)}`;
    throw new ImageError('does-not-fit', `${name}: no memory for ${bytes.length} bytes at ${where}.`);
  }
  memory.u8.set(bytes, region.offset + address - region.base);
}
