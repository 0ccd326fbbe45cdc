/**
 * Width of one device access in bytes. A 64-bit access is two 32-bit ones, low word first, unless the handler
 * implements {@link MmioHandler.readWide}.
 *
 * @stable
 */
export type AccessWidth = 1 | 2 | 4;

/**
 * A 64-bit value in two unsigned halves, so that a device access allocates neither an object nor a `bigint`.
 *
 * @stable
 */
export interface WideValue {
  /** Bits 31–0. */
  lo: number;
  /** Bits 63–32. */
  hi: number;
}

/**
 * The I/O ports of a device, counted from the first port of its range. Called on the vCPU's thread, synchronously; must
 * not allocate per access. A handler of registers in memory serves ports, too.
 *
 * @experimental
 */
export interface PortHandler {
  /** Returns the value as an unsigned, zero-extended number. */
  read(offset: number, width: AccessWidth): number;
  /** Writes `value`, which is unsigned and fits into `width`. */
  write(offset: number, width: AccessWidth, value: number): void;
}

/**
 * The registers of a device. Addresses are offsets into the device's own region. Called on the vCPU's thread,
 * synchronously; must not allocate per access.
 *
 * @stable
 */
export interface MmioHandler {
  /** Returns the value as an unsigned, zero-extended number. */
  read(offset: number, width: AccessWidth): number;
  /** Writes `value`, which is unsigned and fits into `width`. */
  write(offset: number, width: AccessWidth, value: number): void;
  /**
   * Reads 64 bits at once, into `value`. `offset` is a multiple of 8. It counts only together with {@link
   * MmioHandler.writeWide}: a handler that lacks one of them gets two 32-bit accesses, low word first.
   */
  readWide?(offset: number, value: WideValue): void;
  /** Writes 64 bits at once. `value` is valid during the call. */
  writeWide?(offset: number, value: Readonly<WideValue>): void;
}

/**
 * One range of the guest-physical address space (the stage-2 map).
 *
 * @experimental
 */
export type MemoryRegion = RamRegion | MmioRegion | ReservedRegion;

interface RegionBase {
  /** Name of the owner, for overlap errors and `memdump`. */
  readonly name: string;
  /** First guest-physical address. */
  readonly base: number;
  /** Length in bytes. */
  readonly size: number;
}

/**
 * RAM or ROM in the VM's memory. `base` and `size` are multiples of 4 KiB.
 *
 * @experimental
 */
export interface RamRegion extends RegionBase {
  /** `rom` cannot be written by the guest. */
  readonly kind: 'ram' | 'rom';
  /** Byte offset of the region in the VM's `VmMemory`. */
  readonly offset: number;
  /** Set for memory mapped into a `MemoryWindow`, which is not listed as RAM for the guest. */
  readonly window?: true;
}

/**
 * Device registers.
 *
 * @experimental
 */
export interface MmioRegion extends RegionBase {
  /** Discriminates device registers from other regions. */
  readonly kind: 'mmio';
  /** Performs the accesses. */
  readonly handler: MmioHandler;
  /** Places of the board that no vdev has: they answer that nothing is there. */
  readonly empty?: true;
}

/**
 * A range in which nothing may be placed and whose access is an external abort.
 *
 * @experimental
 */
export interface ReservedRegion extends RegionBase {
  /** Discriminates a reservation from other regions. */
  readonly kind: 'reserved';
}
