import type { Clock } from '../clock/clock.js';
import type { InterruptLine } from '../interrupt/interrupt.js';
import type { Logger } from '../log/logger.js';
import type { MemorySlice } from '../memory/memory-slice.js';
import type { MmioHandler } from '../memory/memory-region.js';
import { createToken, type Token } from '../plugin/token.js';
import type { Json } from '../vdev/vdev.js';

/**
 * A device of the host that can be given to one VM at a time. It has an address on the host, like the devices of a
 * board.
 *
 * @beta
 */
export interface HostDevice {
  /** Name, unique on the host. */
  readonly name: string;
  /** One line of description. */
  readonly description: string;
  /** Host-physical address, which `paddr` names. A multiple of 4 KiB. */
  readonly paddr: number;
  /** Size in bytes, a multiple of 4 KiB. */
  readonly size: number;
  /** Starts the device in its power-on state, for the VM that has claimed it. */
  open(bus: DeviceBus): OpenHostDevice;
}

/**
 * The VM from the view of its host device.
 *
 * @beta
 */
export interface DeviceBus {
  /** Access to the memory of the VM that has the device. */
  readonly dma: DmaAccess;
  /** Its interrupt; has no effect when the VM did not connect one. */
  readonly interrupt: Pick<InterruptLine, 'set' | 'pulse' | 'level'>;
  /** The VM's time. */
  readonly clock: Clock;
  /** Log of the VM. */
  readonly logger: Logger;
}

/**
 * A device's DMA, restricted like by an SMMU: it reaches the memory of its VM and nothing else. Refused accesses are
 * recorded and have no effect.
 *
 * @beta
 */
export interface DmaAccess {
  /** Copies bytes from memory; `undefined` when the range is not entirely memory of the VM. */
  read(address: number, length: number): Uint8Array | undefined;
  /** Copies bytes to memory; `false` when the range is not entirely writable memory of the VM. */
  write(address: number, bytes: Uint8Array): boolean;
}

/**
 * A host device in use by a VM.
 *
 * @beta
 */
export interface OpenHostDevice {
  /** Regions in its range; accesses elsewhere in the range are external aborts. */
  readonly regions: readonly HostDeviceRegion[];
  /** Resets to the power-on state. */
  reset(): void;
  /** State that `qvm vdevstat` shows. */
  status(): Readonly<Record<string, Json>>;
  /**
   * Saves and restores the state, for devices that support it. Without it, restoring the VM's state resets the device.
   */
  readonly state?: HostDeviceState;
  /** Stops all activity, when the VM gives the device back. Called once. */
  close(): void;
}

/**
 * The state of a device, as part of its VM's.
 *
 * @beta
 */
export interface HostDeviceState {
  /** The state that a guest can see, as JSON. */
  save(): Json;
  /**
   * Restores the result of `save`. It may come from an untrusted source: validate all of it before changing anything.
   *
   * @throws VdevStateError
   */
  restore(state: Json): void;
}

/**
 * A part of a device's range. `offset` and `size` are multiples of 4 KiB.
 *
 * @beta
 */
export type HostDeviceRegion =
  | {
      /** Registers: each access calls the handler. */
      readonly kind: 'registers';
      /** Offset in the device, a multiple of 4 KiB. */
      readonly offset: number;
      /** Size in bytes, a multiple of 4 KiB. */
      readonly size: number;
      /** Carries out the accesses. */
      readonly handler: MmioHandler;
    }
  | {
      /** Memory of the device, which the guest accesses at the speed of RAM. */
      readonly kind: 'memory';
      /** Offset in the device, a multiple of 4 KiB. */
      readonly offset: number;
      /** Size in bytes, a multiple of 4 KiB. */
      readonly size: number;
      /** The memory, a part of the VM's memory pool. */
      readonly slice: MemorySlice;
    };

/**
 * The user of a device.
 *
 * @beta
 */
export interface HostDeviceOwner {
  /** Name of the VM. */
  readonly vm: string;
  /** Name of the vdev in it. */
  readonly vdev: string;
}

/**
 * The devices of a host and their users.
 *
 * @beta
 */
export interface HostDeviceRegistry {
  /**
   * Claims the device at an address.
   *
   * @throws QvmError `host-device.unknown` when there is none, with a list of the existing ones; `host-device.size`
   * when its size differs; `host-device.taken` when a VM uses it, with its name.
   */
  claim(paddr: number, size: number, owner: HostDeviceOwner): HostDeviceClaim;
  /** All devices, by address. */
  devices(): readonly {
    /** The device. */
    readonly device: HostDevice;
    /** The VM that uses it; `undefined` when none does. */
    readonly owner: HostDeviceOwner | undefined;
  }[];
}

/**
 * A claimed device.
 *
 * @beta
 */
export interface HostDeviceClaim {
  /** The claimed device. */
  readonly device: HostDevice;
  /** Gives it back. Called once. */
  release(): void;
}

/** The devices that a host can give to VMs. Multi. @beta */
export const HOST_DEVICE: Token<HostDevice> = createToken('@qvm/core/HostDevice');

/** The registry through which devices are claimed. @beta */
export const HOST_DEVICE_REGISTRY: Token<HostDeviceRegistry> = createToken('@qvm/core/HostDeviceRegistry');
