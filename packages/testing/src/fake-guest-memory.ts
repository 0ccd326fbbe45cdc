import { QvmError } from '@qvm/core';
import type { GuestMemory, MemoryAccess } from '@qvm/core/vdev';

/**
 * Guest RAM in a plain buffer, at one address. Accesses outside it throw QvmError `testing.guest-memory`.
 *
 * @experimental
 */
export class FakeGuestMemory implements GuestMemory {
  /** First guest-physical address. */
  readonly base: number;
  /** The content, for tests to set and to look at. */
  readonly bytes: Uint8Array;
  /** Called with each range that was written or reported by `touched`, in place of a VM's code cache. */
  onChange: ((address: number, length: number) => void) | undefined;
  readonly #view: DataView;

  /** @param base - first guest-physical address; default 0x40000000. */
  constructor(size = 0x10000, base = 0x4000_0000) {
    this.base = base;
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  view(address: number, length: number): Uint8Array {
    const offset = this.#offset(address, length);
    return this.bytes.subarray(offset, offset + length);
  }

  resolve(address: number, length: number, _access: MemoryAccess, views: Uint8Array[]): boolean {
    if (length === 0) return true;
    if (!this.contains(address, length)) return false;
    views.push(this.view(address, length));
    return true;
  }

  touched(address: number, length: number): void {
    if (length !== 0) this.onChange?.(address, length);
  }

  contains(address: number, length: number): boolean {
    const offset = address - this.base;
    return Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
      ? length <= this.bytes.length - offset
      : false;
  }

  read(address: number, length: number): Uint8Array {
    return this.view(address, length).slice();
  }

  write(address: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#offset(address, bytes.length));
    this.touched(address, bytes.length);
  }

  readU8(address: number): number {
    return this.#view.getUint8(this.#offset(address, 1));
  }

  readU16(address: number): number {
    return this.#view.getUint16(this.#offset(address, 2), true);
  }

  readU32(address: number): number {
    return this.#view.getUint32(this.#offset(address, 4), true);
  }

  readU64(address: number): bigint {
    return this.#view.getBigUint64(this.#offset(address, 8), true);
  }

  writeU8(address: number, value: number): void {
    this.#view.setUint8(this.#offset(address, 1), value);
    this.touched(address, 1);
  }

  writeU16(address: number, value: number): void {
    this.#view.setUint16(this.#offset(address, 2), value, true);
    this.touched(address, 2);
  }

  writeU32(address: number, value: number): void {
    this.#view.setUint32(this.#offset(address, 4), value, true);
    this.touched(address, 4);
  }

  writeU64(address: number, value: bigint): void {
    this.#view.setBigUint64(this.#offset(address, 8), value, true);
    this.touched(address, 8);
  }

  #offset(address: number, length: number): number {
    if (!this.contains(address, length)) {
      throw new QvmError('testing.guest-memory', `0x${address.toString(16)} + ${length} bytes is outside guest memory`);
    }
    return address - this.base;
  }
}
