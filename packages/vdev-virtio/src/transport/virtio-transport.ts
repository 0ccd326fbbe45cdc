import type { Json } from '@qvm/core';
import type { VdevContext, VdevOptions } from '@qvm/core/vdev';
import type { VirtioContext, VirtioDevice, VirtioDeviceType } from '../device/virtio-device.js';
import { DeviceVirtqueue } from '../queue/device-virtqueue.js';
import type { QueueHost } from '../queue/device-virtqueue.js';
import {
  STATUS_DRIVER_BITS,
  STATUS_DRIVER_OK,
  STATUS_FAILED,
  STATUS_FEATURES_OK,
  STATUS_NEEDS_RESET,
  statusNames,
} from './device-status.js';
import { featureNames, ringFeatures } from './features.js';
import { Negotiation } from './negotiation.js';
import { decodeTransport } from './transport-state.js';

/** Causes of an interrupt (VirtIO 1.2, section 4.2.2: InterruptStatus). */
export const INTERRUPT_USED_BUFFER = 1 << 0;
export const INTERRUPT_CONFIGURATION = 1 << 1;

const BROKEN = STATUS_NEEDS_RESET | STATUS_FAILED;
/** Largest number of logged violations: a guest can violate rules as often as it likes. */
const MOST_COMPLAINTS = 16;

/** The bus that a transport connects its device to. */
export interface TransportBus {
  /** Whether the device may access guest memory now. */
  readonly memoryAccess: boolean;
  /** Shows whether a cause of an interrupt is pending. */
  setInterrupt(level: boolean): void;
  /**
   * Sends a message, if the driver uses messages instead of pending causes.
   *
   * @param queue - with used buffers; absent: the configuration has changed.
   * @returns whether it uses messages.
   */
  sendMessage(queue?: number): boolean;
}

/** The device that a transport connects. */
export interface TransportedDevice {
  readonly type: VirtioDeviceType;
  readonly options: VdevOptions;
  /** Whether to offer packed rings. */
  readonly packed: boolean;
  /** Whether to support drivers from before VirtIO 1.0. Such a device offers no packed rings. */
  readonly legacy: boolean;
}

/**
 * The common part of all transports of VirtIO devices: status, features, queues, configuration space, interrupts.
 *
 * Legacy drivers (section 3.1.2) have no FEATURES_OK: they set features and queues and use the device in any order,
 * and the first kick starts the device if DRIVER_OK has not.
 */
export class VirtioTransport implements VirtioContext, QueueHost {
  readonly vdev: VdevContext;
  readonly queues: readonly DeviceVirtqueue[];
  readonly type: VirtioDeviceType;
  readonly legacy: boolean;
  readonly #device: VirtioDevice;
  readonly #bus: TransportBus;
  readonly #negotiation: Negotiation;
  #status = 0;
  /** Whether the device has been started. */
  #started = false;
  #interruptStatus = 0;
  #generation = 0;
  #complaints = 0;
  /** Whether the task that kicks all queues is on its way. */
  #kicksPosted = false;

  constructor(context: VdevContext, bus: TransportBus, { type, options, packed, legacy }: TransportedDevice) {
    this.vdev = context;
    this.type = type;
    this.#bus = bus;
    this.legacy = legacy;
    this.#negotiation = new Negotiation(() => this.#device.features, { packed, legacy });
    this.queues = type.queues(options).map((spec, index) => new DeviceVirtqueue(spec, this, index));
    this.#device = type.create(this, options);
  }

  get memory(): VdevContext['memory'] {
    return this.vdev.memory;
  }

  get live(): boolean {
    return this.#running && this.#bus.memoryAccess;
  }

  get status(): number {
    return this.#status;
  }

  get interruptStatus(): number {
    return this.#interruptStatus;
  }

  get generation(): number {
    return this.#generation;
  }

  /** All features that the device offers. */
  get offered(): bigint {
    return this.#negotiation.offered;
  }

  /** The features that the driver has accepted. */
  get accepted(): bigint {
    return this.#negotiation.accepted;
  }

  /** Accepts a word of the driver's features; after FEATURES_OK (section 3.1.1) or the start, it is ignored. */
  acceptFeatures(word: number, value: number): void {
    if (this.#started || (this.#status & STATUS_FEATURES_OK) !== 0) return;
    this.#negotiation.accept(word, value);
    // A legacy driver may have set queues up before, and their format depends on the features.
    this.queues.forEach((queue, index) => {
      if (!queue.enabled) return;
      this.enableQueue(index, false);
      this.enableQueue(index, true);
    });
  }

  /** Writes the device status: 0 resets, other bits can only be added (section 2.1.1). */
  writeStatus(value: number): void {
    if (value === 0) {
      this.resetDevice();
      return;
    }
    let added = value & STATUS_DRIVER_BITS & ~this.#status;
    if (this.legacy || !this.#negotiation.acceptable(this.accepted)) added &= ~STATUS_FEATURES_OK;
    if (!this.#settled(this.#status | added)) added &= ~STATUS_DRIVER_OK;
    this.#status |= added;
    if ((added & STATUS_DRIVER_OK) !== 0) this.#start();
  }

  /** Enables or disables a queue; enabling requires that the features are settled. */
  enableQueue(index: number, enabled: boolean): void {
    const queue = this.queues[index];
    if (queue === undefined) return;
    if (!enabled) {
      queue.disable();
    } else if (this.#settled(this.#status)) {
      const problem = queue.enable(ringFeatures(this.accepted));
      if (problem !== undefined) this.needsReset(`The driver set up the queue ${queue.name} with ${problem}.`);
    }
  }

  /** Handles the driver's kick of a queue. */
  kick(index: number): void {
    const queue = this.queues[index];
    if (this.legacy && queue?.enabled === true && (this.#status & BROKEN) === 0) this.#start();
    if (queue?.ready !== true) return;
    queue.kicked();
    this.#device.kicked(index);
  }

  /** Acknowledges causes of interrupts. */
  acknowledge(causes: number): void {
    this.#setInterrupts(this.#interruptStatus & ~causes);
  }

  /** Bytes of the configuration space. */
  get configSize(): number {
    return this.#device.configSize;
  }

  readConfig(offset: number, width: 1 | 2 | 4): number {
    return offset + width <= this.#device.configSize ? this.#device.readConfig(offset, width) : 0;
  }

  writeConfig(offset: number, width: 1 | 2 | 4, value: number): void {
    if (offset + width <= this.#device.configSize) this.#device.writeConfig?.(offset, width, value);
  }

  interrupt(queue: number): void {
    if (this.#bus.sendMessage(queue)) return;
    this.#setInterrupts(this.#interruptStatus | INTERRUPT_USED_BUFFER);
  }

  configChanged(): void {
    this.#generation = (this.#generation + 1) >>> 0;
    if (this.live) this.#interruptForConfiguration();
  }

  /** Continues after the bus has allowed access to memory: the driver may have kicked before. */
  memoryAccessAllowed(): void {
    if (this.live) this.#kickAll();
  }

  needsReset(reason: string): void {
    if ((this.#status & STATUS_NEEDS_RESET) !== 0) return;
    this.#status |= STATUS_NEEDS_RESET;
    this.#complain(reason);
    // Section 2.1.2: reported like a change of the configuration, if the driver has started the device.
    if (this.#started) this.#interruptForConfiguration();
  }

  /** Resets the device like a driver does (section 2.4.1). */
  resetDevice(): void {
    this.#status = 0;
    this.#started = false;
    this.#negotiation.reset();
    for (const queue of this.queues) queue.reset();
    this.#setInterrupts(0);
    this.#device.reset();
  }

  /** Resets to power-on state. */
  reset(): void {
    this.resetDevice();
    this.#generation = 0;
  }

  /** Prepares for `save`. */
  async quiesce(): Promise<void> {
    await this.#device.quiesce?.();
  }

  save(): Json {
    // Before the queues, because the device may put buffers back.
    const device = this.#device.save();
    return {
      status: this.#status,
      started: this.#started,
      features: this.#negotiation.save(),
      interrupts: this.#interruptStatus,
      generation: this.#generation,
      queues: this.queues.map((queue) => queue.save()),
      device,
    };
  }

  /**
   * Restores the result of `save`.
   *
   * @throws QvmError `vdev.state`; the transport is unchanged in that case.
   */
  restore(state: unknown): void {
    const saved = decodeTransport(state, this.queues, this.#negotiation);
    this.#device.restore(saved.device);
    this.#status = saved.status;
    this.#started = saved.started;
    this.#negotiation.load(saved.features);
    this.#generation = saved.generation;
    this.queues.forEach((queue, index) => {
      const content = saved.queues[index];
      if (content !== undefined) queue.load(content);
    });
    this.#setInterrupts(saved.interrupts);
    if (this.#running) this.#resume();
  }

  /** The status for `vdevstat`. */
  report(): Readonly<Record<string, Json>> {
    const { featureNames: ofType } = this.type;
    return {
      status: statusNames(this.#status),
      features: featureNames(this.accepted, ofType),
      interruptStatus: this.#interruptStatus,
      configGeneration: this.#generation,
      queues: this.queues.map((queue) => queue.status()),
      device: this.#device.status(),
    };
  }

  dispose(): void | Promise<void> {
    return this.#device.dispose();
  }

  /** Whether the device has been started and needs no reset. */
  get #running(): boolean {
    return this.#started && (this.#status & BROKEN) === 0;
  }

  /** Whether, in this status, queues can be set up and the device can start. */
  #settled(status: number): boolean {
    return this.legacy || (status & STATUS_FEATURES_OK) !== 0;
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#device.start(this.accepted);
  }

  /**
   * After a restore: kicks all queues, because buffers may have been put back for the snapshot, for which the driver
   * will not kick again.
   */
  #resume(): void {
    this.#device.start(this.accepted);
    this.#kickAll();
  }

  /** A guest may cause it as often as it likes: one task at a time is enough. */
  #kickAll(): void {
    if (this.#kicksPosted) return;
    this.#kicksPosted = true;
    this.vdev.post(() => {
      this.#kicksPosted = false;
      this.queues.forEach((queue, index) => {
        if (queue.ready) this.#device.kicked(index);
      });
    });
  }

  #interruptForConfiguration(): void {
    if (this.#bus.sendMessage()) return;
    this.#setInterrupts(this.#interruptStatus | INTERRUPT_CONFIGURATION);
  }

  #setInterrupts(causes: number): void {
    this.#interruptStatus = causes;
    this.#bus.setInterrupt(causes !== 0);
  }

  #complain(reason: string): void {
    this.#complaints++;
    if (this.#complaints > MOST_COMPLAINTS) return;
    const more = this.#complaints === MOST_COMPLAINTS ? ' Further breaches are not logged.' : '';
    this.vdev.logger.log('warn', `${reason} The device needs a reset.${more}`);
  }
}
