import { QvmError } from '@qvm/core';
import type { FakeGuestMemory } from '../fake-guest-memory.js';

/**
 * Allocates guest RAM for a mock driver, from the bottom up.
 *
 * @internal
 */
export class DriverMemory {
  readonly memory: FakeGuestMemory;
  readonly #base: number;
  readonly #limit: number;
  #next: number;

  /**
   * @param base - first address.
   * @param limit - the address after the last one.
   */
  constructor(memory: FakeGuestMemory, base: number, limit: number) {
    this.memory = memory;
    this.#base = base;
    this.#limit = limit;
    this.#next = base;
  }

  /**
   * @param alignment - a power of two.
   * @returns the address of `length` bytes with undefined contents.
   * @throws QvmError `testing.virtio` when there is no room.
   */
  allocate(length: number, alignment: number): number {
    const address = Math.ceil(this.#next / alignment) * alignment;
    if (address + length > this.#limit) {
      throw new QvmError(
        'testing.virtio',
        `the mock driver has no room for ${length} bytes: give the context more memory`,
      );
    }
    this.#next = address + length;
    return address;
  }

  /** Frees all allocations. */
  clear(): void {
    this.#next = this.#base;
  }

  /** Divides the free memory into equal parts. */
  split(parts: number): readonly DriverMemory[] {
    const size = Math.floor((this.#limit - this.#next) / parts);
    return Array.from({ length: parts }, (_, index) => {
      const base = this.#next + index * size;
      return new DriverMemory(this.memory, base, base + size);
    });
  }
}
