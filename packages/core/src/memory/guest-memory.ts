/**
 * Direction of an access to guest memory, as its maker sees it: ROM can be read only.
 *
 * @stable
 */
export type MemoryAccess = 'read' | 'write';

/**
 * Bounds-checked access to a VM's RAM by guest-physical address: what vdevs, loaders and debuggers use.
 * Every accessor throws `GuestMemoryError` when the range is not wholly inside RAM (or ROM, for reads).
 * All multi-byte values are little-endian; addresses need not be aligned.
 *
 * @stable
 */
export interface GuestMemory {
  /**
   * A live view of guest bytes, without copying. The range must be in one region. Call `touched` after writing through
   * the view.
   */
  view(address: number, length: number): Uint8Array;
  /**
   * Appends to `views` live views that make up the range, one for each region that it spans; nothing for an empty one.
   * For ranges that a guest names: any number may be given. Returns false, and appends nothing, when not all of it is
   * RAM (ROM counts for reads). Memory mapped into a window does not count, because it may be unmapped while views are
   * held.
   */
  resolve(address: number, length: number, access: MemoryAccess, views: Uint8Array[]): boolean;
  /** The bytes of a range changed through a view: decoded code on those pages is dropped. */
  touched(address: number, length: number): void;
  /** Whether the whole range is RAM (ROM counts for reads). An empty range always is. */
  contains(address: number, length: number, access: MemoryAccess): boolean;
  /** Copies guest bytes out; the range may span adjacent regions. */
  read(address: number, length: number): Uint8Array;
  /** Copies bytes to guest memory, and drops code decoded from those pages. */
  write(address: number, bytes: Uint8Array): void;
  /** The byte at a guest-physical address. */
  readU8(address: number): number;
  /** The little-endian 16-bit number at a guest-physical address, of any alignment. */
  readU16(address: number): number;
  /** The little-endian 32-bit number at a guest-physical address, of any alignment. */
  readU32(address: number): number;
  /** The little-endian 64-bit number at a guest-physical address, of any alignment. */
  readU64(address: number): bigint;
  /** Writes a byte. */
  writeU8(address: number, value: number): void;
  /** Writes a little-endian 16-bit number, at any alignment. */
  writeU16(address: number, value: number): void;
  /** Writes a little-endian 32-bit number, at any alignment. */
  writeU32(address: number, value: number): void;
  /** Writes a little-endian 64-bit number, at any alignment. */
  writeU64(address: number, value: bigint): void;
}
