import type { GuestMemory, MemoryAccess } from '@qvm/core/vdev';

/**
 * A range of guest RAM that contains a part of a queue. It was validated once; callers are responsible for offsets.
 * Writes are reported to the memory, because the page may also contain code.
 */
export class GuestArea {
  readonly #memory: GuestMemory;
  readonly #address: number;
  readonly #data: DataView;

  private constructor(memory: GuestMemory, address: number, bytes: Uint8Array) {
    this.#memory = memory;
    this.#address = address;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The area at a guest-physical address, or `undefined` if it is not in one region of RAM. */
  static at(memory: GuestMemory, address: number, length: number, access: MemoryAccess): GuestArea | undefined {
    const views: Uint8Array[] = [];
    const [bytes, more] = memory.resolve(address, length, access, views) ? views : [];
    return bytes === undefined || more !== undefined ? undefined : new GuestArea(memory, address, bytes);
  }

  get length(): number {
    return this.#data.byteLength;
  }

  u16(offset: number): number {
    return this.#data.getUint16(offset, true);
  }

  u32(offset: number): number {
    return this.#data.getUint32(offset, true);
  }

  /** 64 bits as a number: inexact beyond 2^53, but then still beyond any address. */
  u64(offset: number): number {
    return this.u32(offset + 4) * 2 ** 32 + this.u32(offset);
  }

  setU16(offset: number, value: number): void {
    this.#data.setUint16(offset, value, true);
    this.#memory.touched(this.#address + offset, 2);
  }

  setU32(offset: number, value: number): void {
    this.#data.setUint32(offset, value, true);
    this.#memory.touched(this.#address + offset, 4);
  }
}
