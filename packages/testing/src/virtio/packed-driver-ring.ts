import { QvmError } from '@qvm/core';
import type { FakeGuestMemory } from '../fake-guest-memory.js';
import type { DriverMemory } from './driver-memory.js';
import { DESC_INDIRECT, DESC_NEXT, DESC_WRITE, DESCRIPTOR_BYTES } from './driver-ring.js';
import type { DriverRing, UsedElement, VirtioSegment } from './driver-ring.js';

const DESC_AVAIL = 1 << 7;
const DESC_USED = 1 << 15;
const EVENT_ENABLE = 0;
const EVENT_DISABLE = 1;
const EVENT_DESCRIPTOR = 2;
const EVENT_WRAP = 1 << 15;

/**
 * The driver's side of a packed virtqueue (VirtIO 1.2, section 2.8).
 *
 * @internal
 */
export class PackedDriverRing implements DriverRing {
  readonly areas: readonly [number, number, number];
  readonly #memory: FakeGuestMemory;
  readonly #size: number;
  readonly #eventIndex: boolean;
  /** Number of ring entries of each buffer in flight, by id. */
  readonly #lengths = new Map<number, number>();
  /** The flags of first descriptors that `publish` will write, by address. */
  #pending: { readonly at: number; readonly flags: number }[] = [];
  #free: number;
  #next = 0;
  #nextWrap = true;
  /** Number of entries added since the ring was set up. */
  #added = 0;
  #published = 0;
  #used = 0;
  #usedWrap = true;

  constructor(heap: DriverMemory, size: number, eventIndex: boolean) {
    this.#memory = heap.memory;
    this.#size = size;
    this.#free = size;
    this.#eventIndex = eventIndex;
    this.areas = [heap.allocate(DESCRIPTOR_BYTES * size, 16), heap.allocate(4, 4), heap.allocate(4, 4)];
    heap.memory.write(this.areas[0], new Uint8Array(DESCRIPTOR_BYTES * size));
    heap.memory.writeU32(this.areas[1], 0);
    heap.memory.writeU32(this.areas[2], 0);
  }

  add(chain: readonly VirtioSegment[]): number {
    const id = this.#reserve(chain.length);
    chain.forEach((segment, index) => {
      const flags = (segment.write ? DESC_WRITE : 0) | (index + 1 < chain.length ? DESC_NEXT : 0);
      this.#put(segment, id, flags, index === 0);
    });
    return id;
  }

  addIndirect(chain: readonly VirtioSegment[], table: number): number {
    chain.forEach((segment, index) =>
      this.#write(table + index * DESCRIPTOR_BYTES, segment, 0, segment.write ? DESC_WRITE : 0),
    );
    const id = this.#reserve(1);
    this.#put({ address: table, length: chain.length * DESCRIPTOR_BYTES, write: false }, id, DESC_INDIRECT, true);
    return id;
  }

  publish(): boolean {
    const previous = this.#published;
    this.#published = this.#added;
    for (const { at, flags } of this.#pending) this.#memory.writeU16(at + 14, flags);
    this.#pending = [];
    const device = this.areas[2];
    const flags = this.#memory.readU16(device + 2) & 3;
    if (flags !== EVENT_DESCRIPTOR) return flags === EVENT_ENABLE;
    const event = this.#memory.readU16(device);
    const lap = Math.floor(this.#published / this.#size);
    const sameLap = ((event & EVENT_WRAP) !== 0) === (lap % 2 === 0);
    const position = (lap - (sameLap ? 0 : 1)) * this.#size + (event & ~EVENT_WRAP);
    return position >= previous && position < this.#published;
  }

  collect(): readonly UsedElement[] {
    const elements: UsedElement[] = [];
    for (let element = this.#nextUsed(); element !== undefined; element = this.#nextUsed()) elements.push(element);
    return elements;
  }

  wantInterrupts(wanted: boolean): void {
    const driver = this.areas[1];
    this.#memory.writeU16(driver, this.#used | (this.#usedWrap ? EVENT_WRAP : 0));
    const enable = this.#eventIndex ? EVENT_DESCRIPTOR : EVENT_ENABLE;
    this.#memory.writeU16(driver + 2, wanted ? enable : EVENT_DISABLE);
  }

  #nextUsed(): UsedElement | undefined {
    const at = this.areas[0] + this.#used * DESCRIPTOR_BYTES;
    const flags = this.#memory.readU16(at + 14);
    const avail = (flags & DESC_AVAIL) !== 0;
    const used = (flags & DESC_USED) !== 0;
    if (avail !== used || used !== this.#usedWrap) return undefined;
    const element = { id: this.#memory.readU16(at + 12), written: this.#memory.readU32(at + 8) };
    const length = this.#lengths.get(element.id);
    if (length === undefined) {
      throw new QvmError('testing.virtio', `the device used ${element.id}, which was not in flight`);
    }
    this.#lengths.delete(element.id);
    this.#free += length;
    this.#used += length;
    if (this.#used >= this.#size) {
      this.#used -= this.#size;
      this.#usedWrap = !this.#usedWrap;
    }
    return element;
  }

  #reserve(length: number): number {
    if (length > this.#free) throw new QvmError('testing.virtio', 'the queue has no free descriptor');
    this.#free -= length;
    let id = 0;
    while (this.#lengths.has(id)) id++;
    this.#lengths.set(id, length);
    return id;
  }

  #put(segment: VirtioSegment, id: number, flags: number, first: boolean): void {
    const at = this.areas[0] + this.#next * DESCRIPTOR_BYTES;
    const available = flags | (this.#nextWrap ? DESC_AVAIL : DESC_USED);
    // The first descriptor's flags make the whole chain available, so they are written last.
    const unavailable = this.#nextWrap ? 0 : DESC_AVAIL | DESC_USED;
    this.#write(at, segment, id, first ? unavailable : available);
    if (first) this.#pending.push({ at, flags: available });
    this.#added++;
    this.#next++;
    if (this.#next === this.#size) {
      this.#next = 0;
      this.#nextWrap = !this.#nextWrap;
    }
  }

  #write(at: number, { address, length }: VirtioSegment, id: number, flags: number): void {
    this.#memory.writeU64(at, BigInt(address));
    this.#memory.writeU32(at + 8, length);
    this.#memory.writeU16(at + 12, id);
    this.#memory.writeU16(at + 14, flags);
  }
}
