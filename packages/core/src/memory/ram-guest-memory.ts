import type { GuestMemory, MemoryAccess } from './guest-memory.js';
import { GuestMemoryError } from './guest-memory-error.js';
import type { PhysicalMap } from './physical-map.js';
import type { MemoryRegion, RamRegion } from './memory-region.js';
import type { VmMemory } from './vm-memory.js';

/**
 * Bounds-checked access to the RAM of a {@link PhysicalMap}. An empty range is valid at any address.
 *
 * @experimental
 */
export class RamGuestMemory implements GuestMemory {
  readonly #map: PhysicalMap;
  readonly #memory: VmMemory;
  readonly #written: (base: number, size: number) => void;

  /** @param written - called with each range that a `write` accessor or `touched` reports as changed. */
  constructor(map: PhysicalMap, memory: VmMemory, written: (base: number, size: number) => void = () => undefined) {
    this.#map = map;
    this.#memory = memory;
    this.#written = written;
  }

  view(address: number, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    const offset = this.#offset(address, length, 'read');
    return this.#memory.u8.subarray(offset, offset + length);
  }

  resolve(address: number, length: number, access: MemoryAccess, views: Uint8Array[]): boolean {
    if (!Number.isSafeInteger(address) || !isLength(length)) return false;
    const count = views.length;
    for (let position = 0; position < length;) {
      const region = this.#map.find(address + position);
      if (!isMemory(region, access) || region.window === true) {
        views.length = count;
        return false;
      }
      const start = address + position - region.base;
      const part = Math.min(length - position, region.size - start);
      views.push(this.#memory.u8.subarray(region.offset + start, region.offset + start + part));
      position += part;
    }
    return true;
  }

  touched(address: number, length: number): void {
    if (length !== 0) this.#written(address, length);
  }

  contains(address: number, length: number, access: MemoryAccess): boolean {
    return this.#spans(address, length, access) !== undefined;
  }

  read(address: number, length: number): Uint8Array {
    const spans = this.#require(address, length, 'read');
    // The copy must not be a view on shared memory, which many host interfaces refuse.
    const bytes = new Uint8Array(length);
    for (const { offset, position, length: part } of spans) {
      bytes.set(this.#memory.u8.subarray(offset, offset + part), position);
    }
    return bytes;
  }

  write(address: number, bytes: Uint8Array): void {
    const spans = this.#require(address, bytes.length, 'write');
    for (const { offset, position, length } of spans) {
      this.#memory.u8.set(bytes.subarray(position, position + length), offset);
    }
    if (bytes.length !== 0) this.#written(address, bytes.length);
  }

  readU8(address: number): number {
    return this.#memory.data.getUint8(this.#offset(address, 1, 'read'));
  }

  readU16(address: number): number {
    return this.#memory.data.getUint16(this.#offset(address, 2, 'read'), true);
  }

  readU32(address: number): number {
    return this.#memory.data.getUint32(this.#offset(address, 4, 'read'), true);
  }

  readU64(address: number): bigint {
    return this.#memory.data.getBigUint64(this.#offset(address, 8, 'read'), true);
  }

  writeU8(address: number, value: number): void {
    this.#memory.data.setUint8(this.#offset(address, 1, 'write'), value);
    this.#written(address, 1);
  }

  writeU16(address: number, value: number): void {
    this.#memory.data.setUint16(this.#offset(address, 2, 'write'), value, true);
    this.#written(address, 2);
  }

  writeU32(address: number, value: number): void {
    this.#memory.data.setUint32(this.#offset(address, 4, 'write'), value, true);
    this.#written(address, 4);
  }

  writeU64(address: number, value: bigint): void {
    this.#memory.data.setBigUint64(this.#offset(address, 8, 'write'), value, true);
    this.#written(address, 8);
  }

  /** Offset in the VM's memory of a range that lies in one region. */
  #offset(address: number, length: number, access: MemoryAccess): number {
    const region = this.#map.find(address);
    if (
      !Number.isSafeInteger(address) ||
      !isLength(length) ||
      !isMemory(region, access) ||
      length > region.size - (address - region.base)
    ) {
      throw new GuestMemoryError(access, address, length);
    }
    return region.offset + (address - region.base);
  }

  #require(address: number, length: number, access: MemoryAccess): readonly Span[] {
    const spans = this.#spans(address, length, access);
    if (spans === undefined) throw new GuestMemoryError(access, address, length);
    return spans;
  }

  /** Splits a range at region borders; `undefined` when a part of it is not memory. */
  #spans(address: number, length: number, access: MemoryAccess): readonly Span[] | undefined {
    if (!Number.isSafeInteger(address) || !isLength(length)) return undefined;
    const spans: Span[] = [];
    let position = 0;
    while (position < length) {
      const region = this.#map.find(address + position);
      if (!isMemory(region, access)) return undefined;
      const start = address + position - region.base;
      const part = Math.min(length - position, region.size - start);
      spans.push({ offset: region.offset + start, position, length: part });
      position += part;
    }
    return spans;
  }
}

/** A part of a range: its `length` bytes from `position` on are at `offset` in the VM's memory. */
interface Span {
  readonly offset: number;
  readonly position: number;
  readonly length: number;
}

function isLength(length: number): boolean {
  return Number.isSafeInteger(length) && length >= 0;
}

function isMemory(region: MemoryRegion | undefined, access: MemoryAccess): region is RamRegion {
  return region !== undefined && (region.kind === 'ram' || (region.kind === 'rom' && access === 'read'));
}
