import { formatRange, type AddressRange } from '../memory/address-range.js';
import { alignUp } from '../memory/align-up.js';
import { ImageError } from './image-error.js';
import { sizeText } from './size-text.js';

interface Taken extends AddressRange {
  readonly name: string;
}

const alignDown = (n: number, to: number): number => Math.floor(n / to) * to;
const endOf = ({ base, size }: AddressRange): number => base + size;

/**
 * Allocation of RAM to the parts of a boot, before anything is written. Adjacent regions of RAM count as one.
 *
 * @experimental
 */
export class RamPlan {
  /** RAM in ascending order, no two ranges adjacent. */
  readonly ram: readonly AddressRange[];
  readonly #taken: Taken[] = [];

  constructor(regions: readonly AddressRange[]) {
    const merged: AddressRange[] = [];
    for (const { base, size } of [...regions].sort((x, y) => x.base - y.base)) {
      const last = merged.at(-1);
      if (last && endOf(last) === base) merged[merged.length - 1] = { base: last.base, size: last.size + size };
      else merged.push({ base, size });
    }
    this.ram = merged;
  }

  /** Total size of RAM in bytes. */
  get size(): number {
    return this.ram.reduce((sum, { size }) => sum + size, 0);
  }

  /** The range of RAM around an address, or the first. */
  around(address: number): AddressRange | undefined {
    return this.ram.find((r) => address >= r.base && address < endOf(r)) ?? this.ram[0];
  }

  /**
   * Allocates a fixed range.
   *
   * @param what - description for errors: the file and its role.
   * @throws `ImageError` `image.does-not-fit` outside RAM, `image.overlap` if something else lies in the range.
   */
  take(what: string, base: number, size: number): void {
    if (!this.ram.some((r) => base >= r.base && base + size <= endOf(r))) {
      throw new ImageError(
        'does-not-fit',
        `${what} needs ${sizeText(size)} at ${formatRange(base, size)}, which is not all RAM. ${this.#advice()}`,
      );
    }
    const other = this.#taken.find((t) => base < endOf(t) && t.base < base + size);
    if (other) {
      throw new ImageError(
        'overlap',
        `${what} at ${formatRange(base, size)} would overlap ${other.name} at ${formatRange(other.base, other.size)}.`,
      );
    }
    this.#taken.push({ name: what, base, size });
  }

  /** Excludes a range, in RAM or not, from allocation. */
  avoid(what: string, base: number, size: number): void {
    if (size > 0) this.#taken.push({ name: what, base, size });
  }

  /** Whether a range is free RAM. */
  isFree(base: number, size: number): boolean {
    return (
      this.ram.some((r) => base >= r.base && base + size <= endOf(r)) &&
      !this.#taken.some((t) => base < endOf(t) && t.base < base + size)
    );
  }

  /** The lowest free place in `range` from `from` on, `offset` bytes after a multiple of `alignment`. */
  lowest(range: AddressRange, size: number, alignment: number, from = range.base, offset = 0): number | undefined {
    const fit = (address: number): number => alignUp(address - offset, alignment) + offset;
    let at = fit(Math.max(from, range.base));
    for (const taken of [...this.#taken].sort((x, y) => x.base - y.base)) {
      if (at + size <= taken.base) break;
      if (at < endOf(taken)) at = fit(endOf(taken));
    }
    return at + size <= endOf(range) ? at : undefined;
  }

  /** The highest free place in `range`. */
  highest(range: AddressRange, size: number, alignment: number): number | undefined {
    let at = alignDown(endOf(range) - size, alignment);
    for (const taken of [...this.#taken].sort((x, y) => endOf(y) - endOf(x))) {
      if (at >= endOf(taken)) break;
      if (at + size > taken.base) at = alignDown(taken.base - size, alignment);
    }
    return at >= range.base ? at : undefined;
  }

  /** Makes the error for a part that fits nowhere; `what` is its description. */
  noRoom(what: string, size: number): ImageError {
    const taken = this.#taken.map(({ name, base, size: bytes }) => `${name} at ${formatRange(base, bytes)}`);
    const beside = taken.length === 0 ? '' : ` beside ${taken.join(', ')}`;
    return new ImageError(
      'does-not-fit',
      `${what} needs ${sizeText(size)}, for which there is no room in RAM${beside}. ${this.#advice()}`,
    );
  }

  #advice(): string {
    const ram = this.ram.map(({ base, size }) => `${formatRange(base, size)}, ${sizeText(size)}`);
    return `The VM has RAM at ${ram.join('; ')}: give it more, or at another place.`;
  }
}
