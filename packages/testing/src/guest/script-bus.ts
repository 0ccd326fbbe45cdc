import { GuestMemoryError } from '@qvm/core/vdev';
import type { GuestExits, MachineServices, MmioRegion } from '@qvm/core/architecture';
import type { AccessWidth } from '@qvm/core/vdev';

/** Scripted guests have no exception syndromes. */
const NO_SYNDROME = 0;

/**
 * Performs the accesses of a scripted vCPU to RAM and registers like loads and stores of a guest, with an exit around
 * each access to a device. The result of an access to an unmapped address is `undefined`.
 */
export class ScriptBus {
  readonly #services: Pick<MachineServices, 'map' | 'guestMemory'>;
  readonly #exits: GuestExits;

  constructor(services: Pick<MachineServices, 'map' | 'guestMemory'>, exits: GuestExits) {
    this.#services = services;
    this.#exits = exits;
  }

  /**
   * Writes a register before the guest starts, in place of firmware: without an exit, and without effect if nothing is
   * mapped there.
   */
  preset(address: number, value: number): void {
    const device = this.#device(address);
    device?.handler.write(address - device.base, 4, value);
  }

  read(address: number, width: AccessWidth): number | undefined {
    const device = this.#device(address);
    if (device === undefined) return this.#readMemory(address, width);
    const offset = address - device.base;
    this.#exits.leaveToDevice(device.name, NO_SYNDROME, address, offset, width, undefined);
    const value = device.handler.read(offset, width);
    this.#exits.enterFromDevice(value);
    return value;
  }

  /** Returns the value, or `undefined` when nothing is mapped at the address. */
  write(address: number, width: AccessWidth, value: number): number | undefined {
    const device = this.#device(address);
    if (device === undefined) return this.#writeMemory(address, width, value);
    const offset = address - device.base;
    this.#exits.leaveToDevice(device.name, NO_SYNDROME, address, offset, width, value);
    device.handler.write(offset, width, value);
    this.#exits.enterFromDevice(value);
    return value;
  }

  #device(address: number): MmioRegion | undefined {
    const region = this.#services.map.find(address);
    return region?.kind === 'mmio' ? region : undefined;
  }

  #readMemory(address: number, width: AccessWidth): number | undefined {
    const { guestMemory } = this.#services;
    return ifMemory(() => {
      if (width === 1) return guestMemory.readU8(address);
      return width === 2 ? guestMemory.readU16(address) : guestMemory.readU32(address);
    });
  }

  #writeMemory(address: number, width: AccessWidth, value: number): number | undefined {
    const { guestMemory } = this.#services;
    return ifMemory(() => {
      if (width === 1) guestMemory.writeU8(address, value);
      else if (width === 2) guestMemory.writeU16(address, value);
      else guestMemory.writeU32(address, value);
      return value;
    });
  }
}

function ifMemory(access: () => number): number | undefined {
  try {
    return access();
  } catch (error) {
    if (error instanceof GuestMemoryError) return undefined;
    throw error;
  }
}
