import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';
import type { PciWindow } from './address-decoder.js';

/** A window of a test: refuses overlaps as a VM does, and performs accesses by address. */
export class FakeWindow implements PciWindow {
  readonly mapped = new Map<number, { readonly size: number; readonly handler: MmioHandler }>();
  /** Calls of `mapRegisters` and `unmap`. */
  changes = 0;

  constructor(
    readonly base: number,
    readonly size: number,
  ) {}

  mapRegisters(offset: number, size: number, handler: MmioHandler): void {
    const overlaps = [...this.mapped].some(([at, other]) => offset < at + other.size && at < offset + size);
    if (overlaps || offset < 0 || offset + size > this.size) throw new Error(`cannot map ${size} at ${offset}`);
    this.changes++;
    this.mapped.set(offset, { size, handler });
  }

  unmap(offset: number): void {
    this.changes++;
    this.mapped.delete(offset);
  }

  /** The base addresses that are mapped, in ascending order. */
  get bases(): readonly number[] {
    return [...this.mapped.keys()].map((offset) => this.base + offset).sort((a, b) => a - b);
  }

  read(address: number, width: AccessWidth = 4): number | undefined {
    for (const [at, { size, handler }] of this.mapped) {
      const offset = address - this.base - at;
      if (offset >= 0 && offset < size) return handler.read(offset, width);
    }
    return undefined;
  }
}
