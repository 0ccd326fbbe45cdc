import { requireObject, requireUnsigned, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { AreaRegister } from '../queue/device-virtqueue.js';
import { DriverRegisters } from '../transport/driver-registers.js';
import type { VirtioTransport } from '../transport/virtio-transport.js';
import type { FieldLayout } from './field-layout.js';

/** An interrupt that no vector is assigned to (VirtIO 1.2, section 4.1.5.1.2). */
export const NO_VECTOR = 0xffff;

const areaField = (offset: number, area: AreaRegister, description: string) =>
  ({
    offset,
    width: 4,
    access: 'rw',
    description,
    read: (target: CommonConfiguration) => target.readQueueArea(area),
    write: (target: CommonConfiguration, value: number) => target.writeQueueArea(area, value),
  }) as const;

/** The common configuration structure (VirtIO 1.2, section 4.1.4.3). */
export const commonConfiguration: FieldLayout<CommonConfiguration> = {
  device_feature_select: {
    offset: 0x00,
    width: 4,
    access: 'rw',
    description: 'Word of the features offered',
    read: (target) => target.selectedDeviceFeatures,
    write: (target, value) => target.selectDeviceFeatures(value),
  },
  device_feature: {
    offset: 0x04,
    width: 4,
    access: 'ro',
    description: 'Features offered, the word of device_feature_select',
    read: (target) => target.deviceFeatures,
  },
  driver_feature_select: {
    offset: 0x08,
    width: 4,
    access: 'rw',
    description: 'Word of the features accepted',
    read: (target) => target.selectedDriverFeatures,
    write: (target, value) => target.selectDriverFeatures(value),
  },
  driver_feature: {
    offset: 0x0c,
    width: 4,
    access: 'rw',
    description: 'Features accepted, the word of driver_feature_select; without effect after FEATURES_OK',
    read: (target) => target.driverFeatures,
    write: (target, value) => target.writeDriverFeatures(value),
  },
  config_msix_vector: {
    offset: 0x10,
    width: 2,
    access: 'rw',
    description: 'MSI-X vector for changes of the configuration; 0xffff: none',
    read: (target) => target.configVector,
    write: (target, value) => target.writeConfigVector(value),
  },
  num_queues: {
    offset: 0x12,
    width: 2,
    access: 'ro',
    description: 'Number of queues',
    read: (target) => target.queueCount,
  },
  device_status: {
    offset: 0x14,
    width: 1,
    access: 'rw',
    description: 'Device status; writing 0 resets the device',
    read: (target) => target.driverStatus,
    write: (target, value) => target.writeStatus(value),
  },
  config_generation: {
    offset: 0x15,
    width: 1,
    access: 'ro',
    description: 'Changes with the configuration space',
    read: (target) => target.configGeneration,
  },
  queue_select: {
    offset: 0x16,
    width: 2,
    access: 'rw',
    description: 'Queue that the fields below are about',
    read: (target) => target.selectedQueueIndex,
    write: (target, value) => target.selectQueue(value),
  },
  queue_size: {
    offset: 0x18,
    width: 2,
    access: 'rw',
    description: 'Number of descriptors, at first the most; 0: there is no such queue',
    read: (target) => target.queueSize,
    write: (target, value) => target.writeQueueSize(value),
  },
  queue_msix_vector: {
    offset: 0x1a,
    width: 2,
    access: 'rw',
    description: 'MSI-X vector for used buffers of the queue; 0xffff: none',
    read: (target) => target.queueVector,
    write: (target, value) => target.writeQueueVector(value),
  },
  queue_enable: {
    offset: 0x1c,
    width: 2,
    access: 'rw',
    description: 'Writing 1 sets the queue up; size and areas stand from then on',
    read: (target) => target.queueEnabled,
    write: (target, value) => target.enableQueue(value),
  },
  queue_notify_off: {
    offset: 0x1e,
    width: 2,
    access: 'ro',
    description: 'Place of the queue in the notification structure, in units of 4 bytes: its index',
    read: (target) => target.queueNotifyOffset,
  },
  queue_desc: areaField(0x20, AreaRegister.DescriptorsLow, 'Address of the descriptor area, low word'),
  'queue_desc (high)': areaField(0x24, AreaRegister.DescriptorsHigh, 'High word'),
  queue_driver: areaField(0x28, AreaRegister.DriverLow, 'Address of the driver area, low word'),
  'queue_driver (high)': areaField(0x2c, AreaRegister.DriverHigh, 'High word'),
  queue_device: areaField(0x30, AreaRegister.DeviceLow, 'Address of the device area, low word'),
  'queue_device (high)': areaField(0x34, AreaRegister.DeviceHigh, 'High word'),
};

/** The state of the common configuration structure beyond that of the transport: selectors and vectors. */
export class CommonConfiguration extends DriverRegisters {
  readonly #vectors: number;
  readonly #queueVectors: Uint16Array;
  #configVector = NO_VECTOR;

  /** @param vectors - number of MSI-X vectors of the function. */
  constructor(transport: VirtioTransport, vectors: number) {
    super(transport);
    this.#vectors = vectors;
    this.#queueVectors = new Uint16Array(transport.queues.length).fill(NO_VECTOR);
  }

  override reset(): void {
    super.reset();
    this.resetVectors();
  }

  /** A driver's reset of the device takes the vectors back. */
  resetVectors(): void {
    this.#configVector = NO_VECTOR;
    this.#queueVectors.fill(NO_VECTOR);
  }

  override save(): Readonly<Record<string, Json>> {
    return { ...super.save(), configVector: this.#configVector, queueVectors: [...this.#queueVectors] };
  }

  override decode(state: unknown): () => void {
    const { configVector, queueVectors, ...rest } = requireObject(
      state,
      ['selected', 'configVector', 'queueVectors'],
      'VirtIO registers',
    );
    const loadSelectors = super.decode(rest);
    const config = requireUnsigned(configVector, NO_VECTOR, 'configVector');
    const queues = requireUnsignedArray(queueVectors, this.#queueVectors.length, NO_VECTOR, 'queueVectors');
    if (queues.length !== this.#queueVectors.length) throw new VdevStateError('vectors are not as many as queues');
    if ([config, ...queues].some((vector) => this.#assigned(vector) !== vector)) {
      throw new VdevStateError('a vector is not one of the function');
    }
    return () => {
      loadSelectors();
      this.#configVector = config;
      this.#queueVectors.set(queues);
    };
  }

  /** The vector for a cause: used buffers of a queue, or a change of the configuration. */
  vectorOf(queue: number | undefined): number {
    return queue === undefined ? this.#configVector : (this.#queueVectors[queue] ?? NO_VECTOR);
  }

  get configVector(): number {
    return this.#configVector;
  }

  get queueCount(): number {
    return this.transport.queues.length;
  }

  get configGeneration(): number {
    return this.transport.generation & 0xff;
  }

  get selectedQueueIndex(): number {
    return this.selectedQueue;
  }

  get queueSize(): number {
    return this.queue?.size ?? 0;
  }

  get queueVector(): number {
    return this.vectorOf(this.selectedQueue);
  }

  get queueEnabled(): number {
    return this.queue?.enabled === true ? 1 : 0;
  }

  get queueNotifyOffset(): number {
    return this.queue === undefined ? 0 : this.selectedQueue;
  }

  override writeStatus(value: number): void {
    super.writeStatus(value);
    if (value === 0) this.resetVectors();
  }

  writeConfigVector(vector: number): void {
    this.#configVector = this.#assigned(vector);
  }

  writeQueueVector(vector: number): void {
    if (this.queue !== undefined) this.#queueVectors[this.selectedQueue] = this.#assigned(vector);
  }

  /** Section 4.1.4.3.2: a driver cannot disable a queue by this field. */
  enableQueue(value: number): void {
    if (value === 1) this.transport.enableQueue(this.selectedQueue, true);
  }

  readQueueArea(area: AreaRegister): number {
    return this.queue?.area(area) ?? 0;
  }

  writeQueueArea(area: AreaRegister, value: number): void {
    this.queue?.setArea(area, value);
  }

  /** A vector that the function does not have is not assigned: the driver reads NO_VECTOR back. */
  #assigned(vector: number): number {
    return vector < this.#vectors ? vector : NO_VECTOR;
  }
}
