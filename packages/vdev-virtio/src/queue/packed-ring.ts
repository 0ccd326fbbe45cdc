import { requireBoolean, requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { ChainBuffer } from './chain-buffer.js';
import {
  DESC_F_AVAIL,
  DESC_F_NEXT,
  DESC_F_USED,
  DESC_F_WRITE,
  DESC_LENGTH,
  DESCRIPTOR_BYTES,
  PACKED_FLAGS,
  PACKED_ID,
} from './descriptor.js';
import { DescriptorWalk } from './descriptor-walk.js';
import type { ChainFormat } from './descriptor-walk.js';
import type { Ring, RingGeometry, RingPositions, RingSetup } from './ring.js';

/** An event suppression structure: position, then mode (VirtIO 1.2, section 2.8.14). */
const EVENT_BYTES = 4;
const EVENT_POSITION = 0;
const EVENT_FLAGS = 2;
const EVENT_F_ENABLE = 0;
const EVENT_F_DISABLE = 1;
const EVENT_F_DESC = 2;
const EVENT_F_MASK = 3;
const WRAP = 1 << 15;

/** Section 2.8.10: areas and their alignment. */
export const packedGeometry: RingGeometry = {
  sizeProblem: () => undefined,
  areas: (size) => [
    { name: 'descriptor ring', bytes: DESCRIPTOR_BYTES * size, alignment: 16 },
    { name: 'driver event suppression', bytes: EVENT_BYTES, alignment: 4 },
    { name: 'device event suppression', bytes: EVENT_BYTES, alignment: 4 },
  ],
};

const format: ChainFormat = {
  flags: PACKED_FLAGS,
  next: (_table, index, flags, ring, length) => {
    // Section 2.8.7: all entries of an indirect table belong to the chain, and NEXT is ignored in it.
    if (!ring) return index + 1 === length ? undefined : index + 1;
    return (flags & DESC_F_NEXT) === 0 ? undefined : (index + 1) % length;
  },
};

/** A position in the ring, and the value of the wrap counter at it. */
interface Position {
  readonly index: number;
  readonly wrap: boolean;
}

/** The device's side of a packed virtqueue (VirtIO 1.2, section 2.8). */
export class PackedRing implements Ring {
  readonly #setup: RingSetup;
  readonly #walk: DescriptorWalk;
  /** The next descriptor that the driver makes available. */
  #next: Position = { index: 0, wrap: true };
  /** Position of the next used element. */
  #used: Position = { index: 0, wrap: true };
  /** Number of ring entries used since the last check for an interrupt. */
  #untold = 0;
  #kicks = true;

  constructor(setup: RingSetup, saved?: unknown) {
    this.#setup = setup;
    this.#walk = new DescriptorWalk(setup, format);
    if (saved !== undefined) this.#restore(saved);
  }

  take(): ChainBuffer | string | undefined {
    const { descriptors } = this.#setup;
    const { index, wrap } = this.#next;
    const flags = descriptors.u16(index * DESCRIPTOR_BYTES + PACKED_FLAGS);
    // Section 2.8.1: available when AVAIL is the wrap counter and USED is not.
    const available = ((flags & DESC_F_AVAIL) !== 0) === wrap && ((flags & DESC_F_USED) !== 0) !== wrap;
    if (!available) {
      this.#askForKick();
      return undefined;
    }
    const buffer = this.#walk.walk(index);
    if (typeof buffer === 'string') return buffer;
    buffer.id = descriptors.u16(this.#walk.last * DESCRIPTOR_BYTES + PACKED_ID);
    this.#next = this.#advance(this.#next, buffer.ringEntries);
    return buffer;
  }

  putBack(buffer: ChainBuffer): void {
    const { index, wrap } = this.#next;
    const previous = index - buffer.ringEntries;
    this.#next = previous < 0 ? { index: previous + this.#setup.size, wrap: !wrap } : { index: previous, wrap };
  }

  use(buffer: ChainBuffer, written: number): void {
    const { descriptors } = this.#setup;
    const { index, wrap } = this.#used;
    const at = index * DESCRIPTOR_BYTES;
    descriptors.setU32(at + DESC_LENGTH, written);
    descriptors.setU16(at + PACKED_ID, buffer.id);
    // The flags mark the descriptor as used, so they are written last.
    const turn = wrap ? DESC_F_AVAIL | DESC_F_USED : 0;
    descriptors.setU16(at + PACKED_FLAGS, turn | (written === 0 ? 0 : DESC_F_WRITE));
    this.#used = this.#advance(this.#used, buffer.ringEntries);
    this.#untold += buffer.ringEntries;
  }

  interruptWanted(): boolean {
    const untold = this.#untold;
    this.#untold = 0;
    if (untold === 0) return false;
    const { driver, eventIndex, size } = this.#setup;
    const flags = driver.u16(EVENT_FLAGS) & EVENT_F_MASK;
    if (flags !== EVENT_F_DESC || !eventIndex) return flags !== EVENT_F_DISABLE;
    // Section 2.8.10.2: whether the driver's event position is among the entries used since. Another wrap counter means
    // the previous lap.
    const event = driver.u16(EVENT_POSITION);
    const sameLap = ((event & WRAP) !== 0) === this.#used.wrap;
    const position = (event & ~WRAP) - (sameLap ? 0 : size);
    return untold > size || (position < this.#used.index && position >= this.#used.index - untold);
  }

  wantKicks(wanted: boolean): void {
    if (wanted === this.#kicks) return;
    this.#kicks = wanted;
    const { device, eventIndex } = this.#setup;
    if (wanted && eventIndex) this.#askForKick();
    else device.setU32(EVENT_POSITION, (wanted ? EVENT_F_ENABLE : EVENT_F_DISABLE) << 16);
  }

  save(): RingPositions {
    const { index: next, wrap: nextWrap } = this.#next;
    const { index: used, wrap: usedWrap } = this.#used;
    return { next, nextWrap, used, usedWrap, untold: this.#untold, kicks: this.#kicks };
  }

  #advance({ index, wrap }: Position, entries: number): Position {
    const next = index + entries;
    return next < this.#setup.size ? { index: next, wrap } : { index: next - this.#setup.size, wrap: !wrap };
  }

  /** With the event index, the driver kicks for the entry that the device names. */
  #askForKick(): void {
    const { device, eventIndex } = this.#setup;
    if (!eventIndex || !this.#kicks) return;
    const event = ((EVENT_F_DESC << 16) | this.#next.index | (this.#next.wrap ? WRAP : 0)) >>> 0;
    if (device.u32(EVENT_POSITION) !== event) device.setU32(EVENT_POSITION, event);
  }

  #restore(saved: unknown): void {
    const keys = ['next', 'nextWrap', 'used', 'usedWrap', 'untold', 'kicks'] as const;
    const positions = requireObject(saved, keys, 'packed ring');
    const last = this.#setup.size - 1;
    this.#next = {
      index: requireUnsigned(positions.next, last, 'next'),
      wrap: requireBoolean(positions.nextWrap, 'nextWrap'),
    };
    this.#used = {
      index: requireUnsigned(positions.used, last, 'used'),
      wrap: requireBoolean(positions.usedWrap, 'usedWrap'),
    };
    this.#untold = requireUnsigned(positions.untold, Number.MAX_SAFE_INTEGER, 'untold');
    this.#kicks = requireBoolean(positions.kicks, 'kicks');
  }
}
