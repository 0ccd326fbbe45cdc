import { QvmError } from '@qvm/core';
import type { DriverMemory } from './driver-memory.js';
import { DESCRIPTOR_BYTES } from './driver-ring.js';
import type { DriverRing, VirtioSegment } from './driver-ring.js';

/**
 * What a driver offers to a device: byte strings for it to read, then room for it to write.
 *
 * @experimental
 */
export interface MockBuffer {
  /** One descriptor each. */
  readonly read?: readonly Uint8Array[];
  /** Bytes of room; one descriptor each. They hold 0xaa until the device writes them. */
  readonly write?: readonly number[];
  /** By an indirect table; needs the feature. Default false. */
  readonly indirect?: boolean;
}

/**
 * A buffer that the device gave back.
 *
 * @experimental
 */
export interface MockUsedBuffer {
  /** What `add` returned. */
  readonly id: number;
  /** Bytes written, as the device says. */
  readonly written: number;
  /** The room that it had, one after the other, whatever the device says that it wrote. */
  readonly room: Uint8Array;
}

const FRESH = 0xaa;

/**
 * The driver's half of one queue.
 *
 * @experimental
 */
export class MockVirtqueue {
  readonly ring: DriverRing;
  readonly #heap: DriverMemory;
  readonly #notify: () => void;
  readonly #inFlight = new Map<number, readonly VirtioSegment[]>();

  /** @internal */
  constructor(ring: DriverRing, heap: DriverMemory, notify: () => void) {
    this.ring = ring;
    this.#heap = heap;
    this.#notify = notify;
  }

  /** Number of buffers that the device has not given back. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** The guest's memory that a buffer in flight is made of. */
  segments(id: number): readonly VirtioSegment[] {
    return this.#inFlight.get(id) ?? [];
  }

  /**
   * Puts a buffer into the ring, unseen by the device until `publish` or `kick`.
   *
   * @returns its id.
   * @throws QvmError `testing.virtio` when there is no room in the ring or in guest RAM.
   */
  add(buffer: MockBuffer): number {
    return this.addSegments(this.#place(buffer), buffer.indirect ?? false);
  }

  /** As `add`, over memory that the caller has laid out, which may break every rule. */
  addSegments(segments: readonly VirtioSegment[], indirect = false): number {
    const id = indirect
      ? this.ring.addIndirect(segments, this.#heap.allocate(segments.length * DESCRIPTOR_BYTES, 16))
      : this.ring.add(segments);
    this.#inFlight.set(id, segments);
    return id;
  }

  /** Room in guest RAM for `addSegments`; taken back by the first `add` when nothing is in flight. */
  allocate(length: number, alignment = 1): number {
    return this.#heap.allocate(length, alignment);
  }

  /** Makes what was added available. Returns whether the device wants to be kicked for it. */
  publish(): boolean {
    return this.ring.publish();
  }

  /** Makes what was added available and notifies the device, whether it wants that or not. */
  kick(): void {
    this.ring.publish();
    this.#notify();
  }

  /** Asks the device for interrupts, or for none; with the event index, for one at the next buffer that is used. */
  wantInterrupts(wanted: boolean): void {
    this.ring.wantInterrupts(wanted);
  }

  /** The buffers that the device gave back since the last call. */
  collect(): readonly MockUsedBuffer[] {
    return this.ring.collect().map(({ id, written }) => {
      const segments = this.segments(id).filter(({ write }) => write);
      this.#inFlight.delete(id);
      return { id, written, room: this.#copy(segments) };
    });
  }

  /**
   * Adds a buffer, kicks, and returns it: for devices that answer at once.
   *
   * @throws QvmError `testing.virtio` when the device has not given it back.
   */
  transfer(buffer: MockBuffer): MockUsedBuffer {
    const id = this.add(buffer);
    this.kick();
    const used = this.collect().find((element) => element.id === id);
    if (used === undefined) throw new QvmError('testing.virtio', 'the device has not used the buffer');
    return used;
  }

  #place({ read = [], write = [] }: MockBuffer): readonly VirtioSegment[] {
    // The memory of buffers is reused whenever the device holds none of this queue's.
    if (this.#inFlight.size === 0) this.#heap.clear();
    return [
      ...read.map((bytes) => {
        const address = this.#heap.allocate(bytes.length, 1);
        this.#heap.memory.write(address, bytes);
        return { address, length: bytes.length, write: false };
      }),
      ...write.map((length) => {
        const address = this.#heap.allocate(length, 1);
        this.#heap.memory.write(address, new Uint8Array(length).fill(FRESH));
        return { address, length, write: true };
      }),
    ];
  }

  #copy(segments: readonly VirtioSegment[]): Uint8Array {
    return Uint8Array.from(segments.flatMap(({ address, length }) => [...this.#heap.memory.read(address, length)]));
  }
}
