import { QvmError } from '@qvm/core';
import { formatRange } from '@qvm/core/architecture';
import type { HostDevice, HostDeviceClaim, HostDeviceOwner, HostDeviceRegistry } from '@qvm/core/services';
import { LocalDeviceLedger, type DeviceLedger } from './device-ledger.js';

const PAGE = 0x1000;

/**
 * The devices of a host, each with at most one owner.
 *
 * @experimental
 */
export class LocalHostDevices implements HostDeviceRegistry {
  readonly #devices: readonly HostDevice[];
  readonly #ledger: DeviceLedger;

  /**
   * @param ledger - the owners of the devices. Default: a new ledger.
   * @throws QvmError `host-device.range` when a device is not aligned to pages, or two overlap or have the same name.
   */
  constructor(devices: readonly HostDevice[], ledger: DeviceLedger = new LocalDeviceLedger()) {
    this.#devices = [...devices].sort((a, b) => a.paddr - b.paddr);
    this.#ledger = ledger;
    this.#devices.forEach((device, index) => checkDevice(device, this.#devices[index - 1]));
    const names = new Set(devices.map(({ name }) => name));
    if (names.size !== devices.length) throw new QvmError('host-device.range', 'Two host devices have one name.');
  }

  claim(paddr: number, size: number, owner: HostDeviceOwner): HostDeviceClaim {
    const device = this.#devices.find((candidate) => candidate.paddr === paddr);
    if (device === undefined) throw this.#unknown(paddr);
    if (device.size !== size) {
      throw new QvmError(
        'host-device.size',
        `The host device ${device.name} has ${device.size} bytes at 0x${paddr.toString(16)}, not ${size}.`,
      );
    }
    const known = this.#ledger.take(device.name, owner);
    if (known !== undefined) {
      throw new QvmError('host-device.taken', `The host device ${device.name} belongs to ${known.vm}/${known.vdev}.`);
    }
    let held = true;
    return {
      device,
      release: () => {
        if (held) this.#ledger.give(device.name);
        held = false;
      },
    };
  }

  devices(): readonly {
    /** The device. */
    readonly device: HostDevice;
    /** The VM that uses it; `undefined` when none does. */
    readonly owner: HostDeviceOwner | undefined;
  }[] {
    return this.#devices.map((device) => ({ device, owner: this.#ledger.ownerOf(device.name) }));
  }

  #unknown(paddr: number): QvmError {
    const known = this.#devices.map((device) => `${device.name} (${formatRange(device.paddr, device.size)})`);
    const there = known.length === 0 ? 'The host has none.' : `There is ${known.join(', ')}.`;
    return new QvmError('host-device.unknown', `No host device is at 0x${paddr.toString(16)}. ${there}`);
  }
}

function checkDevice({ name, paddr, size }: HostDevice, before: HostDevice | undefined): void {
  const whole = [paddr, size].every((value) => Number.isSafeInteger(value) && value >= 0 && value % PAGE === 0);
  const overlaps = before !== undefined && before.paddr + before.size > paddr;
  if (whole && size > 0 && !overlaps) return;
  throw new QvmError('host-device.range', `The host device ${name} has no range of whole pages of its own.`);
}
