import { QvmError } from '@qvm/core';
import type { DriverMemory } from './driver-memory.js';
import { DESCRIPTOR_BYTES } from './driver-ring.js';
import type { DriverRing, VirtioSegment } from './driver-ring.js';

/**
 * A buffer for a device: byte strings for it to read, then space for it to write.
 *
 * @experimental
 */
export interface MockBuffer {
  /** One descriptor for each. */
  readonly read?: readonly Uint8Array[];
  /** Sizes in bytes, one descriptor for each. They are filled with 0xaa until the device writes them. */
  readonly write?: readonly number[];
  /** Whether to use an indirect table; needs the feature. Default false. */
  readonly indirect?: boolean;
}

/**
 * A buffer that the device has used.
 *
 * @experimental
 */
export interface MockUsedBuffer {
  /** The result of `add`. */
  readonly id: number;
  /** Number of bytes written, according to the device. */
  readonly written: number;
  /** Contents of the writable space, whatever number of bytes the device reports. */
  readonly room: Uint8Array;
}

const FRESH = 0xaa;

/**
 * The driver's side of one queue.
 *
 * @experimental
 */
export class MockVirtqueue {
  /** The driver's side of the queue in guest memory. */
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

  /** Number of buffers that the device has not used yet. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** The ranges of guest memory that a buffer in flight consists of. */
  segments(id: number): readonly VirtioSegment[] {
    return this.#inFlight.get(id) ?? [];
  }

  /**
   * Adds a buffer to the ring; the device does not see it until `publish` or `kick`.
   *
   * @returns its id.
   * @throws QvmError `testing.virtio` when there is no room in the ring or in guest RAM.
   */
  add(buffer: MockBuffer): number {
    return this.addSegments(this.#place(buffer), buffer.indirect ?? false);
  }

  /** Like `add`, with memory that the caller has laid out, possibly in violation of any rule. */
  addSegments(segments: readonly VirtioSegment[], indirect = false): number {
    const id = indirect
      ? this.ring.addIndirect(segments, this.#heap.allocate(segments.length * DESCRIPTOR_BYTES, 16))
      : this.ring.add(segments);
    this.#inFlight.set(id, segments);
    return id;
  }

  /** Allocates guest RAM for `addSegments`; it is freed by the first `add` while nothing is in flight. */
  allocate(length: number, alignment = 1): number {
    return this.#heap.allocate(length, alignment);
  }

  /** Makes the added buffers available. Returns whether the device wants to be notified of them. */
  publish(): boolean {
    return this.ring.publish();
  }

  /** Makes the added buffers available and notifies the device, whether it wants that or not. */
  kick(): void {
    this.ring.publish();
    this.#notify();
  }

  /** Enables or disables interrupts; with the event index, requests one at the next used buffer. */
  wantInterrupts(wanted: boolean): void {
    this.ring.wantInterrupts(wanted);
  }

  /** The buffers that the device has used since the last call. */
  collect(): readonly MockUsedBuffer[] {
    return this.ring.collect().map(({ id, written }) => {
      const segments = this.segments(id).filter(({ write }) => write);
      this.#inFlight.delete(id);
      return { id, written, room: this.#copy(segments) };
    });
  }

  /**
   * Adds a buffer, notifies the device, and returns the used buffer: for devices that answer at once.
   *
   * @throws QvmError `testing.virtio` when the device has not used it.
   */
  transfer(buffer: MockBuffer): MockUsedBuffer {
    const id = this.add(buffer);
    this.kick();
    const used = this.collect().find((element) => element.id === id);
    if (used === undefined) throw new QvmError('testing.virtio', 'the device has not used the buffer');
    return used;
  }

  #place({ read = [], write = [] }: MockBuffer): readonly VirtioSegment[] {
    // The memory of buffers is reused whenever the device has none of this queue's buffers.
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
