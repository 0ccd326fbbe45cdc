import { GuestMemoryError } from '@qvm/core/vdev';
import type { GuestExits, MachineServices, MmioRegion, PortRegion } from '@qvm/core/architecture';
import type { AccessWidth } from '@qvm/core/vdev';
import type { ScriptPlace } from './script-instruction.js';

/** Scripted guests have no exception syndromes. */
const NO_SYNDROME = 0;
const BYTE_ONES = 0xff;

/** A range of registers or I/O ports, and how its exits are announced. */
interface Device {
  readonly region: MmioRegion | PortRegion;
  readonly cause: 'mmio' | 'io';
}

/**
 * Performs the accesses of a scripted vCPU to RAM, registers and I/O ports like those of a guest, with an exit around
 * each access to a device. The result of an access to an unmapped address is `undefined`; unassigned ports read as ones.
 */
export class ScriptBus {
  readonly #services: Pick<MachineServices, 'map' | 'ports' | 'guestMemory'>;
  readonly #exits: GuestExits;

  constructor(services: Pick<MachineServices, 'map' | 'ports' | 'guestMemory'>, exits: GuestExits) {
    this.#services = services;
    this.#exits = exits;
  }

  /**
   * Writes a register before the guest starts, in place of firmware: without an exit, and without effect if nothing is
   * mapped there.
   */
  preset(address: number, value: number): void {
    const region = this.#services.map.find(address);
    if (region?.kind === 'mmio') region.handler.write(address - region.base, 4, value);
  }

  read(place: ScriptPlace): number | undefined {
    const { address, width } = place;
    const device = this.#device(place);
    if (device !== undefined) return this.#readDevice(device, place);
    if (place.space === 'memory') return this.#readMemory(address, width);
    return this.#byBytes(place, (byte) => this.read(byte) ?? 0) ?? BYTE_ONES;
  }

  /** Returns the value, or `undefined` when nothing is mapped at the address. */
  write(place: ScriptPlace, value: number): number | undefined {
    const { address, width } = place;
    const device = this.#device(place);
    if (device !== undefined) return this.#writeDevice(device, place, value);
    if (place.space === 'memory') return this.#writeMemory(address, width, value);
    this.#byBytes(place, (byte, shift) => this.write(byte, (value >>> shift) & BYTE_ONES) ?? 0);
    return value;
  }

  /** The device that has all of the place. */
  #device({ space, address, width }: ScriptPlace): Device | undefined {
    if (space === 'io') {
      const region = this.#services.ports.find(address);
      return region !== undefined && address - region.base + width <= region.size ? { region, cause: 'io' } : undefined;
    }
    const region = this.#services.map.find(address);
    return region?.kind === 'mmio' ? { region, cause: 'mmio' } : undefined;
  }

  #readDevice({ region, cause }: Device, { address, width }: ScriptPlace): number {
    const offset = address - region.base;
    this.#exits.leaveToDevice(region.name, NO_SYNDROME, address, offset, width, undefined, 0, cause);
    const value = region.handler.read(offset, width);
    this.#exits.enterFromDevice(value);
    return value;
  }

  #writeDevice({ region, cause }: Device, { address, width }: ScriptPlace, value: number): number {
    const offset = address - region.base;
    this.#exits.leaveToDevice(region.name, NO_SYNDROME, address, offset, width, value, 0, cause);
    region.handler.write(offset, width, value);
    this.#exits.enterFromDevice(value);
    return value;
  }

  /** An access to ports of which no device has all, byte by byte; `undefined` for a single byte. */
  #byBytes({ space, address, width }: ScriptPlace, access: (byte: ScriptPlace, shift: number) => number) {
    if (width === 1) return undefined;
    let value = 0;
    for (let byte = 0; byte < width; byte++) {
      value |= access({ space, address: address + byte, width: 1 }, 8 * byte) << (8 * byte);
    }
    return value >>> 0;
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
