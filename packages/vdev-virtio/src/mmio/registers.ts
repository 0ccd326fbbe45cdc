import type { RegisterLayout } from '@qvm/core/vdev';
import { AreaRegister } from '../queue/device-virtqueue.js';

/** What the registers do. */
export interface MmioOperations {
  readonly deviceId: number;
  readonly deviceFeatures: number;
  readonly queueSizeLimit: number;
  queueReady: number;
  readonly interruptStatus: number;
  readonly driverStatus: number;
  readonly configGeneration: number;
  selectDeviceFeatures(word: number): void;
  selectDriverFeatures(word: number): void;
  writeDriverFeatures(value: number): void;
  selectQueue(index: number): void;
  writeQueueSize(size: number): void;
  writeQueueArea(register: AreaRegister, value: number): void;
  notifyQueue(index: number): void;
  acknowledgeInterrupt(causes: number): void;
  writeStatus(value: number): void;
}

/** "virt". */
const MAGIC = 0x7472_6976;
const VERSION = 2;
/** "QEMU": drivers for its board compare with it. */
const VENDOR = 0x554d_4551;
/** Section 4.2.2: what a length or address of a shared memory region reads as that does not exist. */
const NO_REGION = 0xffff_ffff;

const areaRegister = (offset: number, register: AreaRegister, description: string) =>
  ({
    offset,
    access: 'wo',
    description,
    write: (transport: MmioOperations, value: number) => transport.writeQueueArea(register, value),
  }) as const;

const noRegion = (offset: number, description: string) =>
  ({ offset, access: 'ro', description: `${description}: there is none`, read: () => NO_REGION }) as const;

const registers = {
  MagicValue: { offset: 0x000, access: 'ro', description: 'The text "virt"', read: () => MAGIC },
  Version: { offset: 0x004, access: 'ro', description: 'Device version: 2', read: () => VERSION },
  DeviceID: {
    offset: 0x008,
    access: 'ro',
    description: 'Type of the device',
    read: (transport: MmioOperations) => transport.deviceId,
  },
  VendorID: {
    offset: 0x00c,
    access: 'ro',
    description: 'The text "QEMU", with which drivers for its board compare',
    read: () => VENDOR,
  },
  DeviceFeatures: {
    offset: 0x010,
    access: 'ro',
    description: 'Features offered, the word of DeviceFeaturesSel',
    read: (transport: MmioOperations) => transport.deviceFeatures,
  },
  DeviceFeaturesSel: {
    offset: 0x014,
    access: 'wo',
    description: 'Word of the features offered',
    write: (transport: MmioOperations, value: number) => transport.selectDeviceFeatures(value),
  },
  DriverFeatures: {
    offset: 0x020,
    access: 'wo',
    description: 'Features accepted, the word of DriverFeaturesSel; without effect after FEATURES_OK',
    write: (transport: MmioOperations, value: number) => transport.writeDriverFeatures(value),
  },
  DriverFeaturesSel: {
    offset: 0x024,
    access: 'wo',
    description: 'Word of the features accepted',
    write: (transport: MmioOperations, value: number) => transport.selectDriverFeatures(value),
  },
  QueueSel: {
    offset: 0x030,
    access: 'wo',
    description: 'Queue that the registers below are about',
    write: (transport: MmioOperations, value: number) => transport.selectQueue(value),
  },
  QueueNumMax: {
    offset: 0x034,
    access: 'ro',
    description: 'Most descriptors of the queue; 0: there is no such queue',
    read: (transport: MmioOperations) => transport.queueSizeLimit,
  },
  QueueNum: {
    offset: 0x038,
    access: 'wo',
    description: 'Number of descriptors of the queue',
    write: (transport: MmioOperations, value: number) => transport.writeQueueSize(value),
  },
  QueueReady: {
    offset: 0x044,
    access: 'rw',
    description: 'Whether the queue is set up; size and areas stand while it is',
    read: (transport: MmioOperations) => transport.queueReady,
    write: (transport: MmioOperations, value: number) => void (transport.queueReady = value),
  },
  QueueNotify: {
    offset: 0x050,
    access: 'wo',
    description: 'There are new buffers in the queue of this index',
    write: (transport: MmioOperations, value: number) => transport.notifyQueue(value),
  },
  InterruptStatus: {
    offset: 0x060,
    access: 'ro',
    description: 'Causes of the interrupt: bit 0 used buffers, bit 1 change of the configuration',
    read: (transport: MmioOperations) => transport.interruptStatus,
  },
  InterruptACK: {
    offset: 0x064,
    access: 'wo',
    description: 'Clears the causes written as 1',
    write: (transport: MmioOperations, value: number) => transport.acknowledgeInterrupt(value),
  },
  Status: {
    offset: 0x070,
    access: 'rw',
    description: 'Device status; writing 0 resets the device',
    read: (transport: MmioOperations) => transport.driverStatus,
    write: (transport: MmioOperations, value: number) => transport.writeStatus(value),
  },
  QueueDescLow: areaRegister(0x080, AreaRegister.DescriptorsLow, 'Address of the descriptor area, low word'),
  QueueDescHigh: areaRegister(0x084, AreaRegister.DescriptorsHigh, 'High word'),
  QueueDriverLow: areaRegister(0x090, AreaRegister.DriverLow, 'Address of the driver area, low word'),
  QueueDriverHigh: areaRegister(0x094, AreaRegister.DriverHigh, 'High word'),
  QueueDeviceLow: areaRegister(0x0a0, AreaRegister.DeviceLow, 'Address of the device area, low word'),
  QueueDeviceHigh: areaRegister(0x0a4, AreaRegister.DeviceHigh, 'High word'),
  SHMSel: { offset: 0x0ac, access: 'wo', description: 'Shared memory region (ignored)', write: () => undefined },
  SHMLenLow: noRegion(0x0b0, 'Length of the shared memory region, low word'),
  SHMLenHigh: noRegion(0x0b4, 'High word'),
  SHMBaseLow: noRegion(0x0b8, 'Address of the shared memory region, low word'),
  SHMBaseHigh: noRegion(0x0bc, 'High word'),
  ConfigGeneration: {
    offset: 0x0fc,
    access: 'ro',
    description: 'Changes with the configuration space, which begins at 0x100',
    read: (transport: MmioOperations) => transport.configGeneration,
  },
} as const satisfies RegisterLayout<MmioOperations>;

/** @internal */
export type MmioRegisterName = keyof typeof registers;

/** The control registers of VirtIO over MMIO (VirtIO 1.2, section 4.2.2, table 4.1). */
export const mmioRegisters: RegisterLayout<MmioOperations, MmioRegisterName> = registers;
