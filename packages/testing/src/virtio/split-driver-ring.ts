import { QvmError } from '@qvm/core';
import type { FakeGuestMemory } from '../fake-guest-memory.js';
import type { DriverMemory } from './driver-memory.js';
import { DESC_INDIRECT, DESC_NEXT, DESC_WRITE, DESCRIPTOR_BYTES } from './driver-ring.js';
import type { DriverRing, UsedElement, VirtioSegment } from './driver-ring.js';

const FLAG_NO_INTERRUPT = 1;
const FLAG_NO_NOTIFY = 1;

/**
 * The driver's side of a split virtqueue (VirtIO 1.2, section 2.7).
 *
 * @internal
 */
export class SplitDriverRing implements DriverRing {
  readonly areas: readonly [number, number, number];
  readonly #memory: FakeGuestMemory;
  readonly #size: number;
  readonly #eventIndex: boolean;
  readonly #free: number[];
  readonly #chains = new Map<number, readonly number[]>();
  #available = 0;
  #published = 0;
  #used = 0;

  constructor(heap: DriverMemory, size: number, eventIndex: boolean) {
    this.#memory = heap.memory;
    this.#size = size;
    this.#eventIndex = eventIndex;
    this.#free = Array.from({ length: size }, (_, index) => size - 1 - index);
    const lengths = [DESCRIPTOR_BYTES * size, 6 + 2 * size, 6 + 8 * size] as const;
    this.areas = [heap.allocate(lengths[0], 16), heap.allocate(lengths[1], 2), heap.allocate(lengths[2], 4)];
    this.areas.forEach((area, index) => heap.memory.write(area, new Uint8Array(lengths[index] ?? 0)));
  }

  add(chain: readonly VirtioSegment[]): number {
    const indices = chain.map(() => this.#take());
    chain.forEach((segment, index) => this.#describe(this.areas[0], indices[index] ?? 0, segment, indices[index + 1]));
    return this.#makeAvailable(indices);
  }

  addIndirect(chain: readonly VirtioSegment[], table: number): number {
    chain.forEach((segment, index) =>
      this.#describe(table, index, segment, index + 1 < chain.length ? index + 1 : undefined),
    );
    const head = this.#take();
    const length = chain.length * DESCRIPTOR_BYTES;
    this.#write(this.areas[0], head, { address: table, length, write: false }, DESC_INDIRECT, 0);
    return this.#makeAvailable([head]);
  }

  publish(): boolean {
    const [, driver, device] = this.areas;
    const previous = this.#published;
    this.#published = this.#available;
    this.#memory.writeU16(driver + 2, this.#available);
    if (!this.#eventIndex) return (this.#memory.readU16(device) & FLAG_NO_NOTIFY) === 0;
    // Section 2.7.10: whether avail_event is among the entries that have just been made available.
    const event = this.#memory.readU16(device + 4 + 8 * this.#size);
    return ((this.#published - event - 1) & 0xffff) < ((this.#published - previous) & 0xffff);
  }

  collect(): readonly UsedElement[] {
    const device = this.areas[2];
    const elements: UsedElement[] = [];
    for (; this.#used !== this.#memory.readU16(device + 2); this.#used = (this.#used + 1) & 0xffff) {
      const entry = device + 4 + 8 * (this.#used % this.#size);
      const element = { id: this.#memory.readU32(entry), written: this.#memory.readU32(entry + 4) };
      this.#giveBack(element.id);
      elements.push(element);
    }
    return elements;
  }

  wantInterrupts(wanted: boolean): void {
    const driver = this.areas[1];
    if (this.#eventIndex) {
      this.#memory.writeU16(driver + 4 + 2 * this.#size, (wanted ? this.#used : this.#used - 1) & 0xffff);
    } else {
      this.#memory.writeU16(driver, wanted ? 0 : FLAG_NO_INTERRUPT);
    }
  }

  #take(): number {
    const index = this.#free.pop();
    if (index === undefined) throw new QvmError('testing.virtio', 'the queue has no free descriptor');
    return index;
  }

  #giveBack(id: number): void {
    const chain = this.#chains.get(id);
    if (chain === undefined) throw new QvmError('testing.virtio', `the device used ${id}, which was not in flight`);
    this.#chains.delete(id);
    this.#free.push(...chain);
  }

  #makeAvailable(indices: readonly number[]): number {
    const head = indices[0] ?? 0;
    this.#chains.set(head, indices);
    this.#memory.writeU16(this.areas[1] + 4 + 2 * (this.#available % this.#size), head);
    this.#available = (this.#available + 1) & 0xffff;
    return head;
  }

  #describe(table: number, index: number, segment: VirtioSegment, next: number | undefined): void {
    const flags = (segment.write ? DESC_WRITE : 0) | (next === undefined ? 0 : DESC_NEXT);
    this.#write(table, index, segment, flags, next ?? 0);
  }

  #write(table: number, index: number, { address, length }: VirtioSegment, flags: number, next: number): void {
    const at = table + index * DESCRIPTOR_BYTES;
    this.#memory.writeU64(at, BigInt(address));
    this.#memory.writeU32(at + 8, length);
    this.#memory.writeU16(at + 12, flags);
    this.#memory.writeU16(at + 14, next);
  }
}
