import type { MmioHandler, MemoryRegion, RamRegion } from './memory-region.js';

/**
 * The guest-physical map of a VM (its stage 2): whether an address is RAM, ROM, a device or unmapped.
 *
 * @experimental
 */
export interface PhysicalMap {
  /** All regions in ascending order. */
  readonly regions: readonly MemoryRegion[];
  /** The region that contains `address`, or `undefined`. */
  find(address: number): MemoryRegion | undefined;
  /** Places RAM or ROM at a fixed address; allocates its bytes in the VM's memory. Throws `memory.overlap` naming both parties. */
  addRam(kind: 'ram' | 'rom', name: string, base: number, size: number): RamRegion;
  /** Places device registers at a fixed address. Throws `memory.overlap` naming both parties. */
  addMmio(name: string, base: number, size: number, handler: MmioHandler): void;
  /** Keeps a range free of everything else. Throws `memory.overlap` naming both parties. */
  addReserved(name: string, base: number, size: number): void;
}
