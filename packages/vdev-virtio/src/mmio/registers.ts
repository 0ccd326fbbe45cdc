import type { RegisterLayout } from '@qvm/core/vdev';
import { AreaRegister } from '../queue/device-virtqueue.js';
import { commonRegisters, CommonRegisters, type CommonOperations } from './common-registers.js';

/** Effects of the registers of version 2. */
export interface MmioOperations extends CommonOperations {
  queueReady: number;
  readonly configGeneration: number;
  writeQueueArea(register: AreaRegister, value: number): void;
}

const VERSION = 2;
/** Section 4.2.2: value of the length and address of a shared memory region that does not exist. */
const NO_REGION = 0xffff_ffff;

const areaRegister = (offset: number, register: AreaRegister, description: string) =>
  ({
    offset,
    access: 'wo',
    description,
    write: (target: MmioOperations, value: number) => target.writeQueueArea(register, value),
  }) as const;

const noRegion = (offset: number, description: string) =>
  ({ offset, access: 'ro', description: `${description}: there is none`, read: () => NO_REGION }) as const;

const registers = {
  ...commonRegisters,
  Version: { offset: 0x004, access: 'ro', description: 'Device version: 2', read: () => VERSION },
  QueueReady: {
    offset: 0x044,
    access: 'rw',
    description: 'Whether the queue is set up; size and areas stand while it is',
    read: (target: MmioOperations) => target.queueReady,
    write: (target: MmioOperations, value: number) => void (target.queueReady = value),
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
    read: (target: MmioOperations) => target.configGeneration,
  },
} as const satisfies RegisterLayout<MmioOperations>;

/** @internal */
export type MmioRegisterName = keyof typeof registers;

/** The control registers of version 2 (VirtIO 1.2, section 4.2.2, table 4.1). */
export const mmioRegisters: RegisterLayout<MmioOperations, MmioRegisterName> = registers;

/** The state of the registers of version 2. */
export class MmioRegisters extends CommonRegisters implements MmioOperations {
  get queueReady(): number {
    return this.queue?.enabled === true ? 1 : 0;
  }

  set queueReady(value: number) {
    this.transport.enableQueue(this.selectedQueue, (value & 1) !== 0);
  }

  get configGeneration(): number {
    return this.transport.generation;
  }

  writeQueueArea(register: AreaRegister, value: number): void {
    this.queue?.setArea(register, value);
  }
}
