import { QvmError } from '../errors/qvm-error.js';
import { createToken, type Token } from '../plugin/token.js';
import type { PhysicalMap } from './physical-map.js';

/**
 * A range of guest RAM that the loader does not use and that the device tree withholds from the guest's allocator.
 *
 * @beta
 */
export interface RamReservation {
  /** Name for errors and the device tree: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** First guest-physical address. */
  readonly base: number;
  /** Size in bytes. */
  readonly size: number;
}

/**
 * Reserves guest RAM for vdevs that share it with the guest, such as a frame buffer.
 *
 * @beta
 */
export interface RamReservations {
  /**
   * Reserves `size` bytes at the top of the highest range of RAM with room below 4 GiB, or else with room at all.
   *
   * @param alignment - alignment of the range's base, a power of two.
   * @throws `QvmError` `memory.reservation` when no RAM is free for it.
   */
  reserve(name: string, size: number, alignment: number): RamReservation;
  /** All reservations so far. */
  readonly all: readonly RamReservation[];
}

/** The reservations of a VM, while its vdevs are being created. @beta */
export const RAM_RESERVATIONS: Token<RamReservations> = createToken('@qvm/core/RamReservations');

/** Limit of 32-bit DMA masks and of simple drivers. */
const LOW_MEMORY_END = 2 ** 32;
/** Largest part of a range of RAM that a reservation may take. */
const LARGEST_SHARE = 0.5;

/** Reserves from the top of RAM downwards. */
export class TopOfRam implements RamReservations {
  readonly #map: PhysicalMap;
  readonly #all: RamReservation[] = [];

  constructor(map: PhysicalMap) {
    this.#map = map;
  }

  get all(): readonly RamReservation[] {
    return this.#all;
  }

  reserve(name: string, size: number, alignment: number): RamReservation {
    for (const { base, end } of this.#candidates()) {
      const taken = this.#all.filter((other) => other.base >= base && other.base < end);
      const top = Math.min(end, ...taken.map((other) => other.base));
      const at = Math.floor((top - size) / alignment) * alignment;
      if (at < base || end - at > (end - base) * LARGEST_SHARE) continue;
      const reservation = { name, base: at, size };
      this.#all.push(reservation);
      return reservation;
    }
    throw new QvmError(
      'memory.reservation',
      `There is no RAM for ${name}, which needs ${size} bytes: give the VM more.`,
    );
  }

  /** Ranges of RAM, the highest below 4 GiB first. */
  #candidates(): readonly { readonly base: number; readonly end: number }[] {
    const ranges = this.#map.regions
      .filter((region) => region.kind === 'ram' && region.window !== true)
      .map(({ base, size }) => ({ base, end: base + size }));
    const low = ranges.filter(({ end }) => end <= LOW_MEMORY_END);
    return [...low.reverse(), ...ranges.filter(({ end }) => end > LOW_MEMORY_END).reverse()];
  }
}
