import type { DeviceMemory } from './device-memory.js';
import type { MemorySlice } from './memory-slice.js';
import type { MmioHandler } from './memory-region.js';

/**
 * How much of a slice {@link MemoryWindow.map} maps, and what the guest may do there.
 *
 * @stable
 */
export interface WindowMapping {
  /** Bytes from the start of the slice: a positive multiple of 4 KiB. Default: all of the slice. */
  readonly bytes?: number;
  /** `ro`: the guest's writes are external aborts. Default `rw`. */
  readonly access?: 'rw' | 'ro';
}

/**
 * A range of a VM's guest-physical map whose content its vdev changes at run time. Where nothing is mapped, an access
 * is an external abort. Mapped memory is not RAM of the guest: device trees do not list it.
 *
 * @stable
 */
export interface MemoryWindow {
  /** Guest-physical address. */
  readonly base: number;
  /** Size in bytes. */
  readonly size: number;
  /**
   * Maps bytes of a slice as RAM: the guest accesses them at full speed and can execute them, and vdevs reach them by
   * DMA.
   *
   * @param offset - in the window; a multiple of 4 KiB.
   * @throws QvmError `memory.window` when the range does not fit or is in use, `memory.not-pooled` when the slice is of
   * another memory than the VM's.
   */
  map(offset: number, slice: MemorySlice, options?: WindowMapping): void;
  /**
   * Maps memory of a vdev's own (`VdevContext.ownMemory`) as {@link MemoryWindow.map} maps a slice; in windows that lead to a bus, too.
   *
   * @param offset - in the window; a multiple of 4 KiB.
   * @param owner - name of the vdev that it belongs to, for listings. Default: that of the window.
   * @throws QvmError `memory.window` when the range does not fit or is in use, or the memory is not of this VM.
   * @experimental
   */
  mapOwn(offset: number, memory: DeviceMemory, owner?: string): void;
  /**
   * Maps registers.
   *
   * @param offset - in the window; a multiple of 4 KiB, as is `size`.
   * @param owner - name of the vdev that they belong to, for listings. Default: that of the window.
   * @throws QvmError `memory.window`.
   */
  mapRegisters(offset: number, size: number, handler: MmioHandler, owner?: string): void;
  /** Unmaps the region at an offset, if there is one. */
  unmap(offset: number): void;
  /** Unmaps everything. */
  clear(): void;
}
