import { QvmError } from '@qvm/core';
import type { MemorySlice } from '@qvm/core/services';
import type { AccessWidth, DeviceMemory, MemoryWindow, MmioHandler, WindowMapping } from '@qvm/core/vdev';

/**
 * A mapping of a vdev in a {@link FakeMemoryWindow}.
 *
 * @experimental
 */
export type WindowContent =
  | {
      /** A mapped slice of shared memory. */
      readonly kind: 'memory';
      /** The slice. */
      readonly slice: MemorySlice;
      /** Bytes that are mapped, from the start of the slice. */
      readonly size: number;
      /** Permitted accesses of the guest. */
      readonly access: 'rw' | 'ro';
    }
  | {
      /** Mapped memory of a vdev's own. */
      readonly kind: 'own';
      /** The memory. */
      readonly memory: DeviceMemory;
      /** Bytes that are mapped. */
      readonly size: number;
      /** Name of the vdev that it belongs to, if it was given. */
      readonly owner?: string;
    }
  | {
      /** Mapped registers. */
      readonly kind: 'registers';
      /** The register half of the device. */
      readonly handler: MmioHandler;
      /** Bytes of the range. */
      readonly size: number;
      /** Name of the vdev that they belong to, if it was given. */
      readonly owner?: string;
    };

/**
 * A window outside of a VM: shows its mappings, and refuses the calls that a VM refuses.
 *
 * @experimental
 */
export class FakeMemoryWindow implements MemoryWindow, MmioHandler {
  /** The mappings, by offset. */
  readonly content = new Map<number, WindowContent>();

  constructor(
    /** Guest-physical address of the window. */
    readonly base: number,
    /** Bytes of the window. */
    readonly size: number,
  ) {}

  map(offset: number, slice: MemorySlice, { bytes = slice.bytes, access = 'rw' }: WindowMapping = {}): void {
    if (bytes > slice.bytes) throw this.#misfit(offset, bytes);
    this.#add(offset, {
      kind: 'memory',
      slice,
      size: bytes,
      access,
    });
  }

  mapOwn(offset: number, memory: DeviceMemory, owner?: string): void {
    const size = memory.bytes.length;
    this.#add(offset, { kind: 'own', memory, size, ...(owner === undefined ? {} : { owner }) });
  }

  mapRegisters(offset: number, size: number, handler: MmioHandler, owner?: string): void {
    this.#add(offset, {
      kind: 'registers',
      handler,
      size,
      ...(owner === undefined ? {} : { owner }),
    });
  }

  unmap(offset: number): void {
    this.content.delete(offset);
  }

  clear(): void {
    this.content.clear();
  }

  /**
   * Reads mapped registers like a guest.
   *
   * @throws QvmError `testing.window` if no registers are mapped there.
   */
  read(offset: number, width: AccessWidth): number {
    const [base, handler] = this.#registersAround(offset);
    return handler.read(offset - base, width);
  }

  /**
   * Writes mapped registers like a guest.
   *
   * @throws QvmError `testing.window` if no registers are mapped there.
   */
  write(offset: number, width: AccessWidth, value: number): void {
    const [base, handler] = this.#registersAround(offset);
    handler.write(offset - base, width, value);
  }

  /** The handler of the registers mapped at an offset. */
  registers(offset: number): MmioHandler {
    const content = this.content.get(offset);
    if (content?.kind !== 'registers') throw this.#nothingAt(offset);
    return content.handler;
  }

  #registersAround(offset: number): readonly [number, MmioHandler] {
    for (const [base, content] of this.content) {
      const inside = offset >= base && offset < base + content.size;
      if (inside && content.kind === 'registers') return [base, content.handler];
    }
    throw this.#nothingAt(offset);
  }

  #nothingAt(offset: number): QvmError {
    return new QvmError('testing.window', `no registers at offset ${offset}`);
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
