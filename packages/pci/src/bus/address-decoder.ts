import type { DeviceMemory, MmioHandler } from '@qvm/core/vdev';
import type { DecodedRange } from '../function/pci-function.js';

/**
 * A range of addresses of which a host bridge passes accesses on to its bus: a window of memory, or a range of I/O
 * ports. Its mappings change at run time.
 *
 * @experimental
 */
export interface PciWindow {
  /** First address. */
  readonly base: number;
  /** Bytes, or ports. */
  readonly size: number;
  /** Maps registers of a function of `owner`; `offset` is from the start of the window. */
  mapRegisters(offset: number, size: number, handler: MmioHandler, owner: string): void;
  /** Maps memory of a function of `owner`. Absent: a range of I/O ports. */
  mapOwn?(offset: number, memory: DeviceMemory, owner: string): void;
  /** Removes the registers or the memory mapped at an offset. */
  unmap(offset: number): void;
}

/** A range of addresses that a function decodes. */
export interface OwnedRange extends DecodedRange {
  /** Name of the vdev whose function it is. */
  readonly owner: string;
}

/** A BAR that is mapped. */
interface Mapped extends OwnedRange {
  readonly end: number;
}

/**
 * Keeps in a window what functions decode. A BAR that does not lie in the window completely is not mapped; of BARs that
 * overlap, only the first is.
 */
export class AddressDecoder {
  readonly window: PciWindow;
  #mapped: readonly Mapped[] = [];

  constructor(window: PciWindow) {
    this.window = window;
  }

  /** @param ranges - all that is decoded, in order of precedence. */
  update(ranges: readonly OwnedRange[]): void {
    const wanted = this.#visible(ranges);
    const same = (a: Mapped) => (b: Mapped) => a.bar === b.bar && a.base === b.base;
    for (const old of this.#mapped) {
      if (!wanted.some(same(old))) this.window.unmap(old.base - this.window.base);
    }
    for (const added of wanted) {
      if (this.#mapped.some(same(added))) continue;
      this.#map(added);
    }
    this.#mapped = wanted;
  }

  #map({ bar: { spec }, base, owner }: Mapped): void {
    const offset = base - this.window.base;
    if (spec.memory === undefined) this.window.mapRegisters(offset, spec.size, spec.handler, owner);
    else this.window.mapOwn?.(offset, spec.memory, owner);
  }

  #visible(ranges: readonly OwnedRange[]): readonly Mapped[] {
    const { base: first, size } = this.window;
    const visible: Mapped[] = [];
    for (const range of ranges) {
      const { base } = range;
      const end = base + range.bar.spec.size;
      const hidden = visible.some((other) => base < other.end && other.base < end);
      if (base >= first && end <= first + size && !hidden) visible.push({ ...range, end });
    }
    return visible;
  }
}
