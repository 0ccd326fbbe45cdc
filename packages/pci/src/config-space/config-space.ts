import { QvmError, type Json } from '@qvm/core';
import { requireObject, VdevStateError } from '@qvm/core/vdev';
import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';

/** Bytes of the configuration space of a PCI Express function. */
export const CONFIG_SPACE_BYTES = 0x1000;

/**
 * A field of the configuration space when it is defined.
 *
 * @experimental
 */
export interface ConfigField {
  /** Bytes from the start of the space. */
  readonly offset: number;
  /** Bytes of the field. */
  readonly width: AccessWidth;
  /** Value after reset. Default 0. */
  readonly value?: number;
  /** Bits that software can write. Default none. */
  readonly writable?: number;
  /** Bits that software clears by writing a one. Default none. */
  readonly clears?: number;
}

interface LiveRange {
  readonly offset: number;
  readonly size: number;
  readonly handler: MmioHandler;
}

const STATE_MEMBERS = ['bytes'] as const;
const BYTE = 0xff;

/**
 * The configuration space of a function: 4 KiB of bytes, of which each bit is read-only, writable or cleared by
 * writing a one. Bytes that nothing defines read as zero. Accesses of any alignment are performed byte by byte.
 *
 * @experimental
 */
export class ConfigSpace {
  readonly #bytes = new Uint8Array(CONFIG_SPACE_BYTES);
  readonly #reset = new Uint8Array(CONFIG_SPACE_BYTES);
  readonly #writable = new Uint8Array(CONFIG_SPACE_BYTES);
  readonly #clears = new Uint8Array(CONFIG_SPACE_BYTES);
  readonly #live: LiveRange[] = [];
  readonly #written: (offset: number, width: AccessWidth) => void;

  /** @param written - called after each write of software that may have changed a byte. */
  constructor(written: (offset: number, width: AccessWidth) => void = () => undefined) {
    this.#written = written;
  }

  /**
   * Defines a field: its value after reset and the effect of writes.
   *
   * @throws `QvmError` `pci.config-space` when it lies outside the space.
   */
  define({ offset, width, value = 0, writable = 0, clears = 0 }: ConfigField): void {
    this.#requireInside(offset, width);
    for (let index = 0; index < width; index++) {
      const at = offset + index;
      this.#bytes[at] = this.#reset[at] = byteOf(value, index);
      this.#writable[at] = byteOf(writable, index);
      this.#clears[at] = byteOf(clears, index);
    }
  }

  /**
   * Passes accesses that lie in a range to a handler, with offsets from the start of the range. Accesses of any other
   * extent find plain bytes.
   *
   * @throws `QvmError` `pci.config-space` when the range lies outside the space.
   */
  defineLive(offset: number, size: number, handler: MmioHandler): void {
    this.#requireInside(offset, size);
    this.#live.push({ offset, size, handler });
  }

  /** Reads for software; bytes outside the space are ones. */
  read(offset: number, width: AccessWidth): number {
    const live = this.#liveAt(offset, width);
    return live === undefined ? this.get(offset, width) : live.handler.read(offset - live.offset, width);
  }

  /** Writes for software. */
  write(offset: number, width: AccessWidth, value: number): void {
    const live = this.#liveAt(offset, width);
    if (live !== undefined) {
      live.handler.write(offset - live.offset, width, value);
      return;
    }
    for (let index = 0; index < width; index++) this.#writeByte(offset + index, byteOf(value, index));
    this.#written(offset, width);
  }

  /** The current value of a field, as an unsigned number; bytes outside the space are ones. */
  get(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let index = 0; index < width; index++) value |= (this.#bytes[offset + index] ?? BYTE) << (8 * index);
    return value >>> 0;
  }

  /** Sets a field for the function itself, without regard to what software can write. */
  set(offset: number, width: AccessWidth, value: number): void {
    for (let index = 0; index < width; index++) this.#bytes[offset + index] = byteOf(value, index);
  }

  /** Sets the bits of `mask` in a field to ones or zeros, for the function itself. */
  setBits(offset: number, width: AccessWidth, mask: number, on: boolean): void {
    const value = this.get(offset, width);
    this.set(offset, width, on ? value | mask : value & ~mask);
  }

  /** Gives every field its value after reset. */
  reset(): void {
    this.#bytes.set(this.#reset);
  }

  /** The bytes that can differ from those after reset, as hexadecimal text. */
  save(): Json {
    return {
      bytes: this.#changeable()
        .map((at) => hexadecimalByte(this.#bytes[at] ?? 0))
        .join(''),
    };
  }

  /**
   * Validates what {@link ConfigSpace.save} gave, and changes nothing.
   *
   * @returns a function that restores it; bits that software cannot write keep their values.
   * @throws VdevStateError
   */
  decode(state: unknown): () => void {
    const { bytes } = requireObject(state, STATE_MEMBERS, 'configuration space');
    const places = this.#changeable();
    if (typeof bytes !== 'string' || bytes.length !== 2 * places.length || !/^[0-9a-f]*$/.test(bytes)) {
      throw new VdevStateError(`configuration space is not ${places.length} bytes in hexadecimal`);
    }
    const values = places.map((_, index) => Number.parseInt(bytes.slice(2 * index, 2 * index + 2), 16));
    places.forEach((at, index) => {
      const foreign = ((values[index] ?? 0) ^ (this.#reset[at] ?? 0)) & ~this.#changeableBits(at);
      if (foreign !== 0) throw new VdevStateError(`configuration space has other read-only bits at offset ${at}`);
    });
    return () => places.forEach((at, index) => void (this.#bytes[at] = values[index] ?? 0));
  }

  #writeByte(at: number, value: number): void {
    const writable = this.#writable[at] ?? 0;
    const old = this.#bytes[at] ?? 0;
    const cleared = value & (this.#clears[at] ?? 0);
    this.#bytes[at] = ((old & ~writable) | (value & writable)) & ~cleared;
  }

  #liveAt(offset: number, width: AccessWidth): LiveRange | undefined {
    if (this.#live.length === 0) return undefined;
    return this.#live.find((range) => offset >= range.offset && offset + width <= range.offset + range.size);
  }

  /** Offsets of the bytes that software can change. */
  #changeable(): readonly number[] {
    return [...this.#bytes.keys()].filter((at) => this.#changeableBits(at) !== 0);
  }

  #changeableBits(at: number): number {
    return (this.#writable[at] ?? 0) | (this.#clears[at] ?? 0);
  }

  #requireInside(offset: number, size: number): void {
    if (Number.isInteger(offset) && offset >= 0 && size > 0 && offset + size <= CONFIG_SPACE_BYTES) return;
    throw new QvmError('pci.config-space', `${size} bytes at offset ${offset} are not in the configuration space.`);
  }
}

const byteOf = (value: number, index: number): number => (value >>> (8 * index)) & BYTE;

const hexadecimalByte = (value: number): string => value.toString(16).padStart(2, '0');
