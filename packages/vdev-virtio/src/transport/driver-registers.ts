import { requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { DeviceVirtqueue } from '../queue/device-virtqueue.js';
import type { VirtioTransport } from './virtio-transport.js';

const SELECTORS = ['deviceFeatures', 'driverFeatures', 'queue'] as const;

/** The selectors by which a driver reaches features and queues. All other state belongs to the transport. */
export class DriverRegisters {
  protected readonly transport: VirtioTransport;
  readonly #selected = { deviceFeatures: 0, driverFeatures: 0, queue: 0 };

  constructor(transport: VirtioTransport) {
    this.transport = transport;
  }

  /** Resets to power-on state. A driver's reset of the device does not affect these registers. */
  reset(): void {
    Object.assign(this.#selected, { deviceFeatures: 0, driverFeatures: 0, queue: 0 });
  }

  save(): Readonly<Record<string, Json>> {
    return { selected: { ...this.#selected } };
  }

  /**
   * Validates the result of `save`, without changing anything.
   *
   * @returns a function that restores it.
   * @throws VdevStateError
   */
  decode(state: unknown): () => void {
    const { selected } = requireObject(state, ['selected'], 'VirtIO registers');
    const saved = requireObject(selected, SELECTORS, 'selected');
    const values = SELECTORS.map((name) => [name, requireUnsigned(saved[name], 0xffff_ffff, name)]);
    return () => void Object.assign(this.#selected, Object.fromEntries(values));
  }

  get selectedDeviceFeatures(): number {
    return this.#selected.deviceFeatures;
  }

  get selectedDriverFeatures(): number {
    return this.#selected.driverFeatures;
  }

  get deviceFeatures(): number {
    return featureWord(this.transport.offered, this.#selected.deviceFeatures);
  }

  get driverFeatures(): number {
    return featureWord(this.transport.accepted, this.#selected.driverFeatures);
  }

  get queueSizeLimit(): number {
    return this.queue?.maxSize ?? 0;
  }

  get driverStatus(): number {
    return this.transport.status;
  }

  selectDeviceFeatures(word: number): void {
    this.#selected.deviceFeatures = word;
  }

  selectDriverFeatures(word: number): void {
    this.#selected.driverFeatures = word;
  }

  writeDriverFeatures(value: number): void {
    this.transport.acceptFeatures(this.#selected.driverFeatures, value);
  }

  selectQueue(index: number): void {
    this.#selected.queue = index;
  }

  writeQueueSize(size: number): void {
    this.queue?.setSize(size);
  }

  notifyQueue(index: number): void {
    this.transport.kick(index);
  }

  writeStatus(value: number): void {
    this.transport.writeStatus(value);
  }

  protected get selectedQueue(): number {
    return this.#selected.queue;
  }

  /** The selected queue, if it exists. */
  protected get queue(): DeviceVirtqueue | undefined {
    return this.transport.queues[this.#selected.queue];
  }
}

/** The word that a selector selects; 0 beyond the two that there are. */
function featureWord(features: bigint, word: number): number {
  return word < 2 ? Number(BigInt.asUintN(32, features >> BigInt(32 * word))) : 0;
}
