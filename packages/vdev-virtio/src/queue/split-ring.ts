import { requireBoolean, requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { ChainBuffer } from './chain-buffer.js';
import { DESC_F_NEXT, DESCRIPTOR_BYTES, SPLIT_FLAGS, SPLIT_NEXT } from './descriptor.js';
import { DescriptorWalk } from './descriptor-walk.js';
import type { ChainFormat } from './descriptor-walk.js';
import type { Ring, RingGeometry, RingPositions, RingSetup } from './ring.js';

/** Both areas begin with flags and an index (VirtIO 1.2, sections 2.7.6 and 2.7.8). */
const FLAGS = 0;
const INDEX = 2;
const ENTRIES = 4;
const USED_ENTRY_BYTES = 8;
const AVAIL_F_NO_INTERRUPT = 1;
const USED_F_NO_NOTIFY = 1;

/** Section 2.7: areas and their alignment. */
export const splitGeometry: RingGeometry = {
  sizeProblem: (size) => ((size & (size - 1)) === 0 ? undefined : 'a size that is no power of two'),
  areas: (size) => [
    { name: 'descriptor table', bytes: DESCRIPTOR_BYTES * size, alignment: 16 },
    { name: 'available ring', bytes: ENTRIES + 2 * size + 2, alignment: 2 },
    { name: 'used ring', bytes: ENTRIES + USED_ENTRY_BYTES * size + 2, alignment: 4 },
  ],
};

const format: ChainFormat = {
  flags: SPLIT_FLAGS,
  next: (table, index, flags) =>
    (flags & DESC_F_NEXT) === 0 ? undefined : table.u16(index * DESCRIPTOR_BYTES + SPLIT_NEXT),
};

/** The device's side of a split virtqueue (VirtIO 1.2, section 2.7). Indices count buffers, modulo 2^16. */
export class SplitRing implements Ring {
  readonly #setup: RingSetup;
  readonly #walk: DescriptorWalk;
  readonly #mask: number;
  /** Index of the next available buffer. */
  #next = 0;
  /** Index of the next used element. */
  #used = 0;
  /** Number of elements used since the last check for an interrupt. */
  #untold = 0;
  #kicks = true;

  constructor(setup: RingSetup, saved?: unknown) {
    this.#setup = setup;
    this.#walk = new DescriptorWalk(setup, format);
    this.#mask = setup.size - 1;
    if (saved !== undefined) this.#restore(saved);
  }

  take(): ChainBuffer | string | undefined {
    const { driver, size } = this.#setup;
    const waiting = (driver.u16(INDEX) - this.#next) & 0xffff;
    if (waiting === 0) {
      this.#askForKick();
      return undefined;
    }
    if (waiting > size) return `an available index that is ${waiting} ahead`;
    const head = driver.u16(ENTRIES + 2 * (this.#next & this.#mask));
    if (head >= size) return `an available descriptor ${head} outside the queue`;
    const buffer = this.#walk.walk(head);
    if (typeof buffer === 'string') return buffer;
    buffer.id = head;
    this.#next = (this.#next + 1) & 0xffff;
    return buffer;
  }

  putBack(): void {
    this.#next = (this.#next - 1) & 0xffff;
  }

  use(buffer: ChainBuffer, written: number): void {
    const { device } = this.#setup;
    const entry = ENTRIES + USED_ENTRY_BYTES * (this.#used & this.#mask);
    device.setU32(entry, buffer.id);
    device.setU32(entry + 4, written);
    this.#used = (this.#used + 1) & 0xffff;
    device.setU16(INDEX, this.#used);
    this.#untold++;
  }

  interruptWanted(): boolean {
    const untold = this.#untold;
    this.#untold = 0;
    if (untold === 0) return false;
    const { driver, eventIndex, size } = this.#setup;
    if (!eventIndex) return (driver.u16(FLAGS) & AVAIL_F_NO_INTERRUPT) === 0;
    // Section 2.7.7.2: whether the element at used_event is among those used since; after 2^16 elements it always is.
    const event = driver.u16(ENTRIES + 2 * size);
    return untold > 0xffff || ((this.#used - event - 1) & 0xffff) < untold;
  }

  wantKicks(wanted: boolean): void {
    if (wanted === this.#kicks) return;
    this.#kicks = wanted;
    const { device, eventIndex } = this.#setup;
    if (!eventIndex) device.setU16(FLAGS, wanted ? 0 : USED_F_NO_NOTIFY);
    else if (wanted) this.#askForKick();
    else this.#setEvent((this.#next - 1) & 0xffff);
  }

  save(): RingPositions {
    return { next: this.#next, used: this.#used, untold: this.#untold, kicks: this.#kicks };
  }

  #askForKick(): void {
    if (this.#setup.eventIndex && this.#kicks) this.#setEvent(this.#next);
  }

  /**
   * Section 2.7.10: the driver kicks when it makes the buffer with this index available; a past index is far in the
   * future.
   */
  #setEvent(index: number): void {
    const { device, size } = this.#setup;
    const at = ENTRIES + USED_ENTRY_BYTES * size;
    if (device.u16(at) !== index) device.setU16(at, index);
  }

  #restore(saved: unknown): void {
    const positions = requireObject(saved, ['next', 'used', 'untold', 'kicks'], 'split ring');
    this.#next = requireUnsigned(positions.next, 0xffff, 'next');
    this.#used = requireUnsigned(positions.used, 0xffff, 'used');
    this.#untold = requireUnsigned(positions.untold, Number.MAX_SAFE_INTEGER, 'untold');
    this.#kicks = requireBoolean(positions.kicks, 'kicks');
  }
}
