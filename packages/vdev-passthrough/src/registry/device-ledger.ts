import { createToken } from '@qvm/core';
import type { Token } from '@qvm/core';
import type { HostDeviceOwner } from '@qvm/core/services';

/**
 * Owners of the host's devices. A host whose VMs run on several threads has one ledger for all of them.
 *
 * @experimental
 */
export interface DeviceLedger {
  /** Records the owner, unless the device has one, which is then returned. */
  take(device: string, owner: HostDeviceOwner): HostDeviceOwner | undefined;
  /** Removes the owner that `take` has recorded. */
  give(device: string): void;
  /** The owner of a device; `undefined` if there is none. */
  ownerOf(device: string): HostDeviceOwner | undefined;
}

/** The ledger of a host. @experimental */
export const DEVICE_LEDGER: Token<DeviceLedger> = createToken('@qvm/vdev-passthrough/DeviceLedger');

/** The ledger of one thread. @experimental */
export class LocalDeviceLedger implements DeviceLedger {
  readonly #owners = new Map<string, HostDeviceOwner>();

  take(device: string, owner: HostDeviceOwner): HostDeviceOwner | undefined {
    const known = this.#owners.get(device);
    if (known === undefined) this.#owners.set(device, owner);
    return known;
  }

  give(device: string): void {
    this.#owners.delete(device);
  }

  ownerOf(device: string): HostDeviceOwner | undefined {
    return this.#owners.get(device);
  }
}
