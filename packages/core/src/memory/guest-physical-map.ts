import { QvmError } from '../errors/qvm-error.js';
import { formatRange, PHYSICAL_ADDRESS_LIMIT } from './address-range.js';
import type { PhysicalMap } from './physical-map.js';
import type { MmioHandler, MemoryRegion, RamRegion } from './memory-region.js';
import type { VmMemory } from './vm-memory.js';

const RAM_GRANULE = 0x1000;
const MMIO_GRANULE = 4;
/** A multiple of the page sizes of WebAssembly and the host, so that RAM starts on a page of both. */
const RAM_OFFSET_ALIGNMENT = 0x1_0000;

/**
 * The guest-physical map: a sorted list of disjoint regions.
 *
 * @experimental
 */
export class GuestPhysicalMap implements PhysicalMap {
  readonly #memory: VmMemory;
  readonly #regions: MemoryRegion[] = [];
  #lastHit: MemoryRegion | undefined;

  /** @param memory - the memory in which `addRam` allocates. */
  constructor(memory: VmMemory) {
    this.#memory = memory;
  }

  get regions(): readonly MemoryRegion[] {
    return this.#regions;
  }

  find(address: number): MemoryRegion | undefined {
    const last = this.#lastHit;
    if (last !== undefined && address >= last.base && address - last.base < last.size) return last;
    const region = this.#regions[this.#firstAbove(address) - 1];
    if (region === undefined || !(address - region.base < region.size)) return undefined;
    this.#lastHit = region;
    return region;
  }

  /**
   * @param base - a multiple of 4 KiB.
   * @param size - bytes, a positive multiple of 4 KiB.
   * @throws `QvmError` `memory.alignment`, `memory.range`, `memory.overlap`, `memory.exhausted`.
   */
  addRam(kind: 'ram' | 'rom', name: string, base: number, size: number): RamRegion {
    const index = this.#place(name, base, size, RAM_GRANULE);
    const region: RamRegion = { kind, name, base, size, offset: this.#memory.allocate(size, RAM_OFFSET_ALIGNMENT) };
    this.#regions.splice(index, 0, region);
    return region;
  }

  /**
   * @param base - a multiple of 4.
   * @param size - bytes, a positive multiple of 4.
   * @throws `QvmError` `memory.alignment`, `memory.range`, `memory.overlap`.
   */
  addMmio(name: string, base: number, size: number, handler: MmioHandler): void {
    const index = this.#place(name, base, size, MMIO_GRANULE);
    this.#regions.splice(index, 0, { kind: 'mmio', name, base, size, handler });
  }

  /**
   * Adds places of the board that no vdev has.
   *
   * @param base - a multiple of 4.
   * @param size - bytes, a positive multiple of 4.
   * @throws `QvmError` `memory.alignment`, `memory.range`, `memory.overlap`.
   */
  addEmpty(name: string, base: number, size: number, handler: MmioHandler): void {
    const index = this.#place(name, base, size, MMIO_GRANULE);
    this.#regions.splice(index, 0, { kind: 'mmio', name, base, size, handler, empty: true });
  }

  /**
   * @param base - a multiple of 4.
   * @param size - bytes, a positive multiple of 4.
   * @throws `QvmError` `memory.alignment`, `memory.range`, `memory.overlap`.
   */
  addReserved(name: string, base: number, size: number): void {
    const index = this.#place(name, base, size, MMIO_GRANULE);
    this.#regions.splice(index, 0, { kind: 'reserved', name, base, size });
  }

  /**
   * Reserves a range whose contents {@link GuestPhysicalMap.replace} changes.
   *
   * @param base - a multiple of 4 KiB.
   * @param size - bytes, a positive multiple of 4 KiB.
   * @throws `QvmError` `memory.alignment`, `memory.range`, `memory.overlap`.
   */
  addWindow(name: string, base: number, size: number): void {
    const index = this.#place(name, base, size, RAM_GRANULE);
    this.#regions.splice(index, 0, { kind: 'reserved', name, base, size });
  }

  /**
   * Replaces the regions of a window by others that fill it. The caller must report the change to the machine.
   *
   * @param regions - disjoint, in ascending order, and together exactly the range.
   */
  replace(base: number, size: number, regions: readonly MemoryRegion[]): void {
    const from = this.#firstAbove(base) - 1;
    this.#regions.splice(from, this.#firstAbove(base + size - 1) - from, ...regions);
    this.#lastHit = undefined;
  }

  /** Whether no region has a byte of the range. */
  isFree(base: number, size: number): boolean {
    return this.#overlapping(base, size) === undefined;
  }

  /** First address above all regions that is a multiple of `alignment`. */
  top(alignment: number): number {
    const last = this.#regions.at(-1);
    return last === undefined ? 0 : Math.ceil((last.base + last.size) / alignment) * alignment;
  }

  /** Removes all regions, because the VM has ended and its memory is another VM's. */
  clear(): void {
    this.#regions.length = 0;
    this.#lastHit = undefined;
  }

  /** Index of the first region whose base is above `address`. */
  #firstAbove(address: number): number {
    let low = 0;
    let high = this.#regions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const region = this.#regions[middle];
      if (region !== undefined && region.base <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Validates a new range; returns its index in the sorted list. */
  #place(name: string, base: number, size: number, granule: number): number {
    checkRange(name, base, size, granule);
    const other = this.#overlapping(base, size);
    if (other !== undefined) {
      throw new QvmError(
        'memory.overlap',
        `${name} (${formatRange(base, size)}) overlaps ${other.name} (${formatRange(other.base, other.size)}).`,
      );
    }
    return this.#firstAbove(base);
  }

  /** A region that shares a byte with the range. Regions are disjoint, so only the neighbours of its base can be the first. */
  #overlapping(base: number, size: number): MemoryRegion | undefined {
    const index = this.#firstAbove(base);
    return [this.#regions[index - 1], this.#regions[index]].find(
      (other) => other !== undefined && base < other.base + other.size && other.base < base + size,
    );
  }
}

function checkRange(name: string, base: number, size: number, granule: number): void {
  if (!Number.isSafeInteger(base) || !Number.isSafeInteger(size) || base < 0 || size <= 0) {
    throw new QvmError('memory.range', `${name} has no valid range: base ${base}, size ${size}.`);
  }
  if (base + size > PHYSICAL_ADDRESS_LIMIT) {
    throw new QvmError('memory.range', `${name} (${formatRange(base, size)}) ends beyond 48-bit addresses.`);
  }
  if (base % granule !== 0 || size % granule !== 0) {
    throw new QvmError(
      'memory.alignment',
      `${name} (base 0x${base.toString(16)}, size 0x${size.toString(16)}) is not aligned to ${granule} bytes.`,
    );
  }
}
