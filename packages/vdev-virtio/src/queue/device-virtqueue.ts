import { QvmError } from '@qvm/core';
import { requireObject, requireUnsigned, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { GuestMemory } from '@qvm/core/vdev';
import type { Virtqueue, VirtqueueBuffer, VirtqueueSpec } from '../device/virtio-device.js';
import { ChainBuffer } from './chain-buffer.js';
import { createRing } from './create-ring.js';
import type { RingFeatures } from './create-ring.js';
import type { Ring } from './ring.js';

/** The transport, from the view of a queue. */
export interface QueueHost {
  readonly memory: GuestMemory;
  /** Whether the driver has set DRIVER_OK, and no reset is needed. */
  readonly live: boolean;
  /** Notifies the driver of used buffers in a queue. */
  interrupt(queue: number): void;
  /** Reports that the driver has violated a rule, so that the device must be reset. */
  needsReset(reason: string): void;
}

/** Registers of a queue's location: its three areas, low word before high word. */
export enum AreaRegister {
  DescriptorsLow,
  DescriptorsHigh,
  DriverLow,
  DriverHigh,
  DeviceLow,
  DeviceHigh,
}

/** A saved queue validated by `decode`, for `load`. */
export interface SavedQueue {
  readonly size: number;
  readonly areas: readonly number[];
  readonly ring: Ring | undefined;
}

const AREA_REGISTERS = 6;

/** One queue of a device: its location set by the driver, and the device's access to it. */
export class DeviceVirtqueue implements Virtqueue {
  readonly name: string;
  readonly maxSize: number;
  readonly #host: QueueHost;
  readonly #index: number;
  readonly #areas = new Uint32Array(AREA_REGISTERS);
  #size: number;
  #ring: Ring | undefined;
  /** Number of the ring's descriptors in buffers that the device has popped. */
  #inFlight = 0;
  #kicks = 0;
  #interrupts = 0;

  /** @param index - of the queue in its device. */
  constructor({ name, maxSize }: VirtqueueSpec, host: QueueHost, index: number) {
    this.#index = index;
    this.name = name;
    this.maxSize = maxSize;
    this.#host = host;
    this.#size = maxSize;
  }

  /** Whether the driver has set it up. */
  get enabled(): boolean {
    return this.#ring !== undefined;
  }

  get ready(): boolean {
    return this.#ring !== undefined && this.#host.live;
  }

  /** The number of descriptors that the driver chose. */
  get size(): number {
    return this.#size;
  }

  /** Sets the number of descriptors; before `enable`. */
  setSize(size: number): void {
    if (!this.enabled) this.#size = size;
  }

  /** Sets a half of an area's address; before `enable`. */
  setArea(register: AreaRegister, value: number): void {
    if (!this.enabled) this.#areas[register] = value;
  }

  /** A half of an area's address, as the driver set it. */
  area(register: AreaRegister): number {
    return this.#areas[register] ?? 0;
  }

  /**
   * Enables the queue, which the driver has set up.
   *
   * @returns the problem, or `undefined`.
   */
  enable(features: RingFeatures): string | undefined {
    if (this.enabled) return undefined;
    const ring = this.#createRing(this.#size, this.#areas, features);
    if (typeof ring === 'string') return ring;
    this.#ring = ring;
    return undefined;
  }

  /** Disables the queue: its memory is not accessed any more, and buffers in flight belong to the driver again. */
  disable(): void {
    this.#ring = undefined;
    this.#inFlight = 0;
  }

  /** Resets to power-on state. */
  reset(): void {
    this.disable();
    this.#size = this.maxSize;
    this.#areas.fill(0);
  }

  /** Records a kick. */
  kicked(): void {
    this.#kicks++;
  }

  pop(): ChainBuffer | undefined {
    if (this.#ring === undefined || !this.#host.live) return undefined;
    const taken = this.#ring.take();
    if (typeof taken === 'string') return this.#fault(taken);
    if (taken === undefined) return undefined;
    if (this.#inFlight + taken.ringEntries > this.#size) return this.#fault('descriptors that are in flight');
    this.#inFlight += taken.ringEntries;
    taken.owner = this.#ring;
    return taken;
  }

  unpop(buffer: VirtqueueBuffer): void {
    const chain = takeBack(buffer, this.name);
    chain.release();
    if (this.#ring === undefined || chain.owner !== this.#ring) return;
    chain.owner = undefined;
    this.#inFlight -= chain.ringEntries;
    this.#ring.putBack(chain);
  }

  push(buffer: VirtqueueBuffer, written: number): void {
    const chain = takeBack(buffer, this.name);
    chain.release();
    const current = chain.owner === this.#ring;
    chain.owner = undefined;
    if (this.#ring === undefined || !current) return;
    this.#inFlight -= chain.ringEntries;
    if (this.#host.live) this.#ring.use(chain, Math.min(written, chain.writable));
  }

  notify(): void {
    if (!this.ready || this.#ring?.interruptWanted() !== true) return;
    this.#interrupts++;
    this.#host.interrupt(this.#index);
  }

  wantKicks(wanted: boolean): void {
    if (this.ready) this.#ring?.wantKicks(wanted);
  }

  save(): Json {
    return { size: this.#size, areas: [...this.#areas], ring: this.#ring?.save() ?? null };
  }

  /**
   * Validates the result of `save`, without changing anything.
   *
   * @param features - negotiated features; `undefined` while the queue cannot be set up.
   * @throws VdevStateError
   */
  decode(state: unknown, features: RingFeatures | undefined): SavedQueue {
    const saved = requireObject(state, ['size', 'areas', 'ring'], `queue ${this.name}`);
    const size = requireUnsigned(saved.size, 0xffff_ffff, 'queue size');
    const areas = requireUnsignedArray(saved.areas, AREA_REGISTERS, 0xffff_ffff, 'queue areas');
    if (areas.length !== AREA_REGISTERS) throw new VdevStateError(`queue ${this.name} lacks areas`);
    if (saved.ring === null) return { size, areas, ring: undefined };
    if (features === undefined) throw new VdevStateError(`queue ${this.name} is set up before FEATURES_OK`);
    const ring = this.#createRing(size, areas, features, saved.ring);
    if (typeof ring === 'string') throw new VdevStateError(`queue ${this.name} has ${ring}`);
    return { size, areas, ring };
  }

  /** Restores the result of `decode`. */
  load({ size, areas, ring }: SavedQueue): void {
    this.#size = size;
    this.#areas.set(areas);
    this.#ring = ring;
    this.#inFlight = 0;
  }

  status(): Readonly<Record<string, Json>> {
    return {
      name: this.name,
      size: this.#size,
      ready: this.ready,
      descriptorsInFlight: this.#inFlight,
      kicks: this.#kicks,
      interrupts: this.#interrupts,
      ring: this.#ring?.save() ?? null,
    };
  }

  #createRing(size: number, halves: ArrayLike<number>, features: RingFeatures, saved?: unknown): Ring | string {
    if (size > this.maxSize) return `a size of ${size}, which is more than ${this.maxSize}`;
    const address = (low: AreaRegister): number => (halves[low + 1] ?? 0) * 2 ** 32 + (halves[low] ?? 0);
    const areas = [AreaRegister.DescriptorsLow, AreaRegister.DriverLow, AreaRegister.DeviceLow].map(address);
    return createRing(this.#host.memory, size, areas, features, saved);
  }

  #fault(reason: string): undefined {
    this.#host.needsReset(`The driver put into the queue ${this.name} ${reason}.`);
    return undefined;
  }
}

/** @throws QvmError `virtio.buffer` when a device returns a buffer that it does not have. */
function takeBack(buffer: VirtqueueBuffer, queue: string): ChainBuffer {
  if (buffer instanceof ChainBuffer && buffer.owner !== undefined) return buffer;
  throw new QvmError('virtio.buffer', `A device gave the queue ${queue} a buffer that is not in flight.`);
}
