/**
 * Bounds-checked access to a VM's RAM by guest-physical address: what vdevs, loaders and debuggers use.
 * Every accessor throws {@link GuestMemoryError} when the range is not wholly inside RAM (or ROM, for reads).
 * All multi-byte values are little-endian; addresses need not be aligned.
 *
 * @experimental
 */
export interface GuestMemory {
  /** A live view of guest bytes, without copying. The range must lie in one region. */
  view(address: number, length: number): Uint8Array;
  /** Whether the whole range is RAM (ROM counts when `write` is false). */
  contains(address: number, length: number, write: boolean): boolean;
  /** Copies guest bytes out; the range may span adjacent regions. */
  read(address: number, length: number): Uint8Array;
  /** Copies bytes into the guest; decoded code on those pages is dropped. */
  write(address: number, bytes: Uint8Array): void;
  readU8(address: number): number;
  readU16(address: number): number;
  readU32(address: number): number;
  readU64(address: number): bigint;
  writeU8(address: number, value: number): void;
  writeU16(address: number, value: number): void;
  writeU32(address: number, value: number): void;
  writeU64(address: number, value: bigint): void;
}
