import type { Clock } from '../clock/clock.js';
import type { InterruptLine } from '../interrupt/interrupt.js';
import type { Logger } from '../log/logger.js';
import type { MemorySlice } from '../memory/memory-slice.js';
import type { MmioHandler } from '../memory/memory-region.js';
import { createToken, type Token } from '../plugin/token.js';
import type { Json } from '../vdev/vdev.js';

/**
 * A device of the host that can be given to one VM at a time. It lies at an address of the host, as a board's devices do.
 *
 * @experimental
 */
export interface HostDevice {
  /** Unique on the host. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** Host-physical address: what `paddr` names. A multiple of 4 KiB. */
  readonly paddr: number;
  /** Bytes, a multiple of 4 KiB. */
  readonly size: number;
  /** Brings the device up, in its power-on state, for the VM that has it now. */
  open(bus: DeviceBus): OpenHostDevice;
}

/**
 * The VM as its host device sees it.
 *
 * @experimental
 */
export interface DeviceBus {
  /** Access to the memory of the VM that has the device. */
  readonly dma: DmaAccess;
  /** Its interrupt; drives nothing when the VM gave it none. */
  readonly interrupt: Pick<InterruptLine, 'set' | 'pulse' | 'level'>;
  /** The VM's time. */
  readonly clock: Clock;
  /** Log of that VM. */
  readonly logger: Logger;
}

/**
 * A device's way to memory, through what an SMMU does on a board: it reaches the memory of its VM and nothing else. What is
 * refused is recorded and has no effect.
 *
 * @experimental
 */
export interface DmaAccess {
  /** Copies bytes out; `undefined` when not all of the range is memory of the VM. */
  read(address: number, length: number): Uint8Array | undefined;
  /** Copies bytes in; `false` when not all of the range is writable memory of the VM. */
  write(address: number, bytes: Uint8Array): boolean;
}

/**
 * A device that a VM has.
 *
 * @experimental
 */
export interface OpenHostDevice {
  /** Regions in its range; accesses elsewhere are external aborts. */
  readonly regions: readonly HostDeviceRegion[];
  /** Back to the power-on state. */
  reset(): void;
  /** What `qvm vdevstat` shows. */
  status(): Readonly<Record<string, Json>>;
  /** For devices of which the state can be read and set; after a restore of its VM's state, another one is as after `reset`. */
  readonly state?: HostDeviceState;
  /** Stops all that it does; the VM gives it back. Once. */
  close(): void;
}

/**
 * The state of a device, as part of its VM's.
 *
 * @experimental
 */
export interface HostDeviceState {
  /** The state that a guest can see, as JSON. */
  save(): Json;
  /**
   * Takes over what `save` gave, which may come from anywhere: check all of it before anything changes.
   *
   * @throws VdevStateError
   */
  restore(state: Json): void;
}

/**
 * A part of a device's range. `offset` and `size` are multiples of 4 KiB.
 *
 * @experimental
 */
export type HostDeviceRegion =
  | { readonly kind: 'registers'; readonly offset: number; readonly size: number; readonly handler: MmioHandler }
  /** Memory of the device, which the guest reaches at the speed of RAM. The slice is of the VM's memory pool. */
  | { readonly kind: 'memory'; readonly offset: number; readonly size: number; readonly slice: MemorySlice };

/**
 * Who has a device.
 *
 * @experimental
 */
export interface HostDeviceOwner {
  /** Name of the VM. */
  readonly vm: string;
  /** Name of the vdev in it. */
  readonly vdev: string;
}

/**
 * The devices of a host, and who has them.
 *
 * @experimental
 */
export interface HostDeviceRegistry {
  /**
   * Takes the device at an address.
   *
   * @throws QvmError `host-device.unknown` when none is there, naming those there are; `host-device.size` when it has another
   * size; `host-device.taken` when a VM has it, naming that.
   */
  claim(paddr: number, size: number, owner: HostDeviceOwner): HostDeviceClaim;
  /** All devices, by address. */
  devices(): readonly { readonly device: HostDevice; readonly owner: HostDeviceOwner | undefined }[];
}

/**
 * A device that was taken.
 *
 * @experimental
 */
export interface HostDeviceClaim {
  /** The device that was taken. */
  readonly device: HostDevice;
  /** Gives it back; once. */
  release(): void;
}

/** The devices that a host can give to VMs. Multi. @experimental */
export const HOST_DEVICE: Token<HostDevice> = createToken('@qvm/core/HostDevice');

/** Who hands out the devices. @experimental */
export const HOST_DEVICE_REGISTRY: Token<HostDeviceRegistry> = createToken('@qvm/core/HostDeviceRegistry');
