/**
 * Width of one device access in bytes. 64-bit accesses reach a device as two 32-bit ones, low word first, unless its handler takes them
 * whole ({@link MmioHandler.readWide}).
 *
 * @experimental
 */
export type AccessWidth = 1 | 2 | 4;

/**
 * A 64-bit value in two halves, unsigned: a device access makes no object and no `bigint`.
 *
 * @experimental
 */
export interface WideValue {
  /** Bits 31–0. */
  lo: number;
  /** Bits 63–32. */
  hi: number;
}

/**
 * The register half of a device: knows offsets into its own region, not addresses. Runs on the vCPU's thread,
 * synchronously, and must not allocate per access.
 *
 * @experimental
 */
export interface MmioHandler {
  /** Returns the value, zero-extended, as an unsigned number. */
  read(offset: number, width: AccessWidth): number;
  /** `value` is unsigned and fits `width`. */
  write(offset: number, width: AccessWidth, value: number): void;
  /**
   * Reads 64 bits at once, into `value`. `offset` is a multiple of 8. It counts only together with {@link MmioHandler.writeWide}: a handler
   * that lacks one of them gets two 32-bit accesses, low word first.
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
  /** Who owns the range; named in overlap errors and `memdump`. */
  readonly name: string;
  /** First guest-physical address. */
  readonly base: number;
  /** Length in bytes. */
  readonly size: number;
}

/**
 * RAM or ROM that lives in the VM's memory. `base` and `size` are multiples of 4 KiB.
 *
 * @experimental
 */
export interface RamRegion extends RegionBase {
  /** `rom` cannot be written by the guest. */
  readonly kind: 'ram' | 'rom';
  /** Byte offset of the region in the VM's `VmMemory`. */
  readonly offset: number;
  /** Mapped into a `MemoryWindow`: not RAM that the guest is told to manage. */
  readonly window?: true;
}

/**
 * Device registers.
 *
 * @experimental
 */
export interface MmioRegion extends RegionBase {
  /** Tells device registers from the other regions. */
  readonly kind: 'mmio';
  /** Carries out the accesses. */
  readonly handler: MmioHandler;
  /** Places of the board that no vdev has: they answer that nothing is there. */
  readonly empty?: true;
}

/**
 * A range that nothing may be placed in and whose access is an external abort.
 *
 * @experimental
 */
export interface ReservedRegion extends RegionBase {
  /** Tells a reservation from the other regions. */
  readonly kind: 'reserved';
}
