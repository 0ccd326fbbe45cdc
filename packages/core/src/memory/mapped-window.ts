import { QvmError } from '../errors/qvm-error.js';
import { AllocatedMemory, type DeviceMemory } from './device-memory.js';
import type { GuestPhysicalMap } from './guest-physical-map.js';
import type { MemorySlice } from './memory-slice.js';
import type { MemoryWindow, WindowMapping } from './memory-window.js';
import type { AccessWidth, MmioHandler, MemoryRegion } from './memory-region.js';
import type { VmMemory } from './vm-memory.js';

const PAGE = 0x1000;

/** A bus on which no device answers. */
const NO_DEVICE: MmioHandler = {
  read: (_, width: AccessWidth) => 2 ** (8 * width) - 1,
  write: () => undefined,
};

/**
 * A window in the map of a VM: keeps track of the mapped regions, and fills the gaps with reserved ranges, or with
 * registers that read as ones if it leads to a bus.
 *
 * @experimental
 */
export class MappedWindow implements MemoryWindow {
  readonly base: number;
  readonly size: number;
  readonly #map: GuestPhysicalMap;
  readonly #memory: VmMemory;
  readonly #name: string;
  readonly #bus: boolean;
  readonly #changed: (base: number, size: number) => void;
  /** The mapped regions, in ascending order. */
  #content: readonly MemoryRegion[] = [];

  /**
   * Reserves the range.
   *
   * @param range - `base` is a multiple of 4 KiB, `size` a positive multiple of 4 KiB in bytes.
   * @param changed - called with each range whose mapping has changed.
   * @throws `QvmError` `memory.alignment`, `memory.range`, `memory.overlap`.
   */
  constructor(
    map: GuestPhysicalMap,
    memory: VmMemory,
    range: { readonly name: string; readonly base: number; readonly size: number; readonly bus?: boolean },
    changed: (base: number, size: number) => void,
  ) {
    this.base = range.base;
    this.size = range.size;
    this.#name = range.name;
    this.#bus = range.bus === true;
    this.#map = map;
    this.#memory = memory;
    this.#changed = changed;
    map.addWindow(range.name, range.base, range.size);
    if (this.#bus) map.replace(this.base, this.size, this.#pieces());
  }

  map(offset: number, slice: MemorySlice, { bytes = slice.bytes, access = 'rw' }: WindowMapping = {}): void {
    if (slice.pool !== this.#memory.slice?.pool) {
      throw new QvmError('memory.not-pooled', `${this.#name} cannot map memory that is not of its VM's pool.`);
    }
    if (bytes > slice.bytes) throw this.#misfit(offset, bytes);
    const kind = access === 'rw' ? 'ram' : 'rom';
    this.#add(offset, bytes, { kind, window: true, ...this.#range(offset, bytes), offset: slice.offset });
  }

  mapOwn(offset: number, memory: DeviceMemory, owner = this.#name): void {
    if (!(memory instanceof AllocatedMemory) || memory.memory !== this.#memory) {
      throw new QvmError('memory.window', `${this.#name} cannot map memory that is not of its VM.`);
    }
    const size = memory.bytes.length;
    const range = { name: owner, base: this.base + offset, size };
    this.#add(offset, size, { kind: 'ram', window: true, ...range, offset: memory.offset });
  }

  mapRegisters(offset: number, size: number, handler: MmioHandler, owner = this.#name): void {
    this.#add(offset, size, { kind: 'mmio', name: owner, base: this.base + offset, size, handler });
  }

  unmap(offset: number): void {
    const region = this.#content.find(({ base }) => base === this.base + offset);
    if (region === undefined) return;
    this.#content = this.#content.filter((other) => other !== region);
    this.#update(region);
  }

  clear(): void {
    if (this.#content.length === 0) return;
    this.#content = [];
    this.#update(this);
  }

  #range(offset: number, size: number): { readonly name: string; readonly base: number; readonly size: number } {
    return { name: this.#name, base: this.base + offset, size };
  }

  #add(offset: number, size: number, region: MemoryRegion): void {
    const whole = [offset, size].every((value) => Number.isSafeInteger(value) && value >= 0 && value % PAGE === 0);
    const taken = this.#content.some(
      ({ base, size: other }) => region.base < base + other && base < region.base + size,
    );
    if (!whole || size === 0 || offset + size > this.size || taken) throw this.#misfit(offset, size);
    this.#content = [...this.#content, region].sort((a, b) => a.base - b.base);
    this.#update(region);
  }

  #update({ base, size }: { readonly base: number; readonly size: number }): void {
    this.#map.replace(this.base, this.size, this.#pieces());
    this.#changed(base, size);
  }

  /** The mapped regions, and what fills the gaps. */
  #pieces(): readonly MemoryRegion[] {
    const pieces: MemoryRegion[] = [];
    let next = this.base;
    const fill = (end: number): void => {
      if (end > next) pieces.push(this.#gap(next, end - next));
    };
    for (const region of this.#content) {
      fill(region.base);
      pieces.push(region);
      next = region.base + region.size;
    }
    fill(this.base + this.size);
    return pieces;
  }

  #gap(base: number, size: number): MemoryRegion {
    const range = { name: this.#name, base, size };
    return this.#bus ? { kind: 'mmio', ...range, handler: NO_DEVICE, empty: true } : { kind: 'reserved', ...range };
  }

  #misfit(offset: number, size: number): QvmError {
    const where = `${size} bytes at offset 0x${offset.toString(16)}`;
    return new QvmError('memory.window', `${this.#name} cannot map ${where}: unaligned, outside, or in use.`);
  }
}
