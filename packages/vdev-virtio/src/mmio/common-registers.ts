import type { RegisterLayout } from '@qvm/core/vdev';
import { DriverRegisters } from '../transport/driver-registers.js';
import type { VirtioTransport } from '../transport/virtio-transport.js';

/** Effects of the registers of both versions. */
export interface CommonOperations {
  readonly deviceId: number;
  readonly vendorId: number;
  readonly deviceFeatures: number;
  readonly queueSizeLimit: number;
  readonly interruptStatus: number;
  readonly driverStatus: number;
  selectDeviceFeatures(word: number): void;
  selectDriverFeatures(word: number): void;
  writeDriverFeatures(value: number): void;
  selectQueue(index: number): void;
  writeQueueSize(size: number): void;
  notifyQueue(index: number): void;
  acknowledgeInterrupt(causes: number): void;
  writeStatus(value: number): void;
}

/** "virt". */
const MAGIC = 0x7472_6976;

/**
 * The registers that both versions have at the same offset with the same effect. Version 1 has other names for some of
 * them.
 */
export const commonRegisters = {
  MagicValue: { offset: 0x000, access: 'ro', description: 'The text "virt"', read: () => MAGIC },
  DeviceID: {
    offset: 0x008,
    access: 'ro',
    description: 'Type of the device',
    read: (target: CommonOperations) => target.deviceId,
  },
  VendorID: {
    offset: 0x00c,
    access: 'ro',
    description: 'The option `vendor`',
    read: (target: CommonOperations) => target.vendorId,
  },
  DeviceFeatures: {
    offset: 0x010,
    access: 'ro',
    description: 'Features offered, the word of DeviceFeaturesSel',
    read: (target: CommonOperations) => target.deviceFeatures,
  },
  DeviceFeaturesSel: {
    offset: 0x014,
    access: 'wo',
    description: 'Word of the features offered',
    write: (target: CommonOperations, value: number) => target.selectDeviceFeatures(value),
  },
  DriverFeatures: {
    offset: 0x020,
    access: 'wo',
    description: 'Features accepted, the word of DriverFeaturesSel; without effect after FEATURES_OK',
    write: (target: CommonOperations, value: number) => target.writeDriverFeatures(value),
  },
  DriverFeaturesSel: {
    offset: 0x024,
    access: 'wo',
    description: 'Word of the features accepted',
    write: (target: CommonOperations, value: number) => target.selectDriverFeatures(value),
  },
  QueueSel: {
    offset: 0x030,
    access: 'wo',
    description: 'Queue that the registers below are about',
    write: (target: CommonOperations, value: number) => target.selectQueue(value),
  },
  QueueNumMax: {
    offset: 0x034,
    access: 'ro',
    description: 'Most descriptors of the queue; 0: there is no such queue',
    read: (target: CommonOperations) => target.queueSizeLimit,
  },
  QueueNum: {
    offset: 0x038,
    access: 'wo',
    description: 'Number of descriptors of the queue',
    write: (target: CommonOperations, value: number) => target.writeQueueSize(value),
  },
  QueueNotify: {
    offset: 0x050,
    access: 'wo',
    description: 'There are new buffers in the queue of this index',
    write: (target: CommonOperations, value: number) => target.notifyQueue(value),
  },
  InterruptStatus: {
    offset: 0x060,
    access: 'ro',
    description: 'Causes of the interrupt: bit 0 used buffers, bit 1 change of the configuration',
    read: (target: CommonOperations) => target.interruptStatus,
  },
  InterruptACK: {
    offset: 0x064,
    access: 'wo',
    description: 'Clears the causes written as 1',
    write: (target: CommonOperations, value: number) => target.acknowledgeInterrupt(value),
  },
  Status: {
    offset: 0x070,
    access: 'rw',
    description: 'Device status; writing 0 resets the device',
    read: (target: CommonOperations) => target.driverStatus,
    write: (target: CommonOperations, value: number) => target.writeStatus(value),
  },
} as const satisfies RegisterLayout<CommonOperations>;

/** The device's identification. */
export interface DeviceIdentity {
  readonly deviceId: number;
  readonly vendorId: number;
}

/** The state of the registers of both versions. */
export class CommonRegisters extends DriverRegisters implements CommonOperations {
  readonly deviceId: number;
  readonly vendorId: number;

  constructor(transport: VirtioTransport, { deviceId, vendorId }: DeviceIdentity) {
    super(transport);
    this.deviceId = deviceId;
    this.vendorId = vendorId;
  }

  get interruptStatus(): number {
    return this.transport.interruptStatus;
  }

  acknowledgeInterrupt(causes: number): void {
    this.transport.acknowledge(causes);
  }
}
