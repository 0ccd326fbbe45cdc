/*
 * A block of event registers: status bits, which ones clear, then as many enable bits (ACPI Specification 6.5, sections
 * 4.8.3.1 and 4.8.4.1).
 */
import { requireUnsigned, requireUnsignedArray } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';

/** @internal */
export class EventBlock {
  readonly #half: number;
  readonly #status: Uint8Array;
  readonly #enable: Uint8Array;
  readonly #statusBits: readonly number[];
  readonly #enableBits: readonly number[];

  /** The bits that there are, in bytes from the lowest; as many for enable as for status. */
  constructor(statusBits: readonly number[], enableBits: readonly number[]) {
    this.#half = statusBits.length;
    this.#status = new Uint8Array(this.#half);
    this.#enable = new Uint8Array(this.#half);
    this.#statusBits = statusBits;
    this.#enableBits = enableBits;
  }

  /** Whether an event is enabled that has happened. */
  get pending(): boolean {
    return this.#status.some((status, index) => (status & (this.#enable[index] ?? 0)) !== 0);
  }

  /** Whether all bits of `mask` in byte `index` are enabled. */
  isEnabled(index: number, mask: number): boolean {
    return ((this.#enable[index] ?? 0) & mask) === mask;
  }

  /** Sets status bits of byte `index`. */
  raise(index: number, bits: number): void {
    this.#status[index] = (this.#status[index] ?? 0) | bits;
  }

  readByte(offset: number): number {
    return (offset < this.#half ? this.#status[offset] : this.#enable[offset - this.#half]) ?? 0;
  }

  writeByte(offset: number, value: number): void {
    const index = offset - this.#half;
    if (index < 0) this.#status[offset] = (this.#status[offset] ?? 0) & ~value;
    else this.#enable[index] = value & (this.#enableBits[index] ?? 0);
  }

  reset(): void {
    this.#status.fill(0);
    this.#enable.fill(0);
  }

  /** Status bytes, then enable bytes. */
  save(): Json {
    return [...this.#status, ...this.#enable];
  }

  /**
   * Validates a saved state, and changes nothing.
   *
   * @returns a function that takes it over.
   * @throws VdevStateError
   */
  decode(saved: unknown, what: string): () => void {
    const bytes = requireUnsignedArray(saved, 2 * this.#half, 0xff, what);
    requireUnsigned(2 * this.#half - bytes.length, 0, `${what}: number of missing bytes`);
    const bits = [...this.#statusBits, ...this.#enableBits];
    bytes.forEach((byte, index) => requireUnsigned(byte & ~(bits[index] ?? 0), 0, `${what}[${index}]: other bits`));
    return () => {
      this.#status.set(bytes.slice(0, this.#half));
      this.#enable.set(bytes.slice(this.#half));
    };
  }
}

/** The bytes of 16 bits, lowest first. */
export function bytesOf(bits: number): readonly number[] {
  return [bits & 0xff, bits >>> 8];
}
