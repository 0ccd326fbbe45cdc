import { QvmError } from '@qvm/core';
import type { MemorySlice, MemoryWindow, MmioHandler } from '@qvm/core';

/**
 * What a vdev has mapped in a {@link FakeMemoryWindow}.
 *
 * @experimental
 */
export type WindowContent =
  | { readonly kind: 'memory'; readonly slice: MemorySlice; readonly size: number; readonly access: 'rw' | 'ro' }
  | { readonly kind: 'registers'; readonly handler: MmioHandler; readonly size: number };

/**
 * A window outside any VM: shows what is mapped in it, and refuses what a VM refuses.
 *
 * @experimental
 */
export class FakeMemoryWindow implements MemoryWindow {
  /** By offset. */
  readonly content = new Map<number, WindowContent>();

  constructor(
    readonly base: number,
    readonly size: number,
  ) {}

  map(offset: number, slice: MemorySlice, bytes: number = slice.bytes, access: 'rw' | 'ro' = 'rw'): void {
    if (bytes > slice.bytes) throw this.#misfit(offset, bytes);
    this.#add(offset, { kind: 'memory', slice, size: bytes, access });
  }

  mapRegisters(offset: number, size: number, handler: MmioHandler): void {
    this.#add(offset, { kind: 'registers', handler, size });
  }

  unmap(offset: number): void {
    this.content.delete(offset);
  }

  clear(): void {
    this.content.clear();
  }

  /** The registers at an offset. */
  registers(offset: number): MmioHandler {
    const content = this.content.get(offset);
    if (content?.kind !== 'registers') throw new QvmError('testing.window', `no registers at offset ${offset}`);
    return content.handler;
  }

  #add(offset: number, content: WindowContent): void {
    const end = offset + content.size;
    const taken = [...this.content].some(([other, { size }]) => offset < other + size && other < end);
    const aligned = offset % 0x1000 === 0 && content.size % 0x1000 === 0 && content.size > 0;
    if (!aligned || offset < 0 || end > this.size || taken) throw this.#misfit(offset, content.size);
    this.content.set(offset, content);
  }

  #misfit(offset: number, size: number): QvmError {
    return new QvmError('memory.window', `cannot map ${size} bytes at offset ${offset}`);
  }
}
