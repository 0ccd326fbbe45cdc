import type { Json, Logger } from '@qvm/core';
import type { DmaAccess } from '@qvm/core/services';
import type { GuestMemory, MemoryAccess } from '@qvm/core/vdev';

/** Largest transfer of one call in bytes, so that a device's request cannot cause an unbounded allocation. */
export const MOST_DMA_BYTES = 0x10_0000;
/** Number of refused transfers that are logged; all are counted. */
const MOST_LOGGED = 16;

/** A refused transfer. */
interface Violation {
  readonly access: MemoryAccess;
  readonly address: number;
  readonly length: number;
}

/** Restricts the DMA of a device to the memory of its VM, like the tables of an SMMU. */
export class ConfinedDma implements DmaAccess {
  readonly #memory: GuestMemory;
  readonly #logger: Logger;
  #violations = 0;
  #last: Violation | undefined;

  constructor(memory: GuestMemory, logger: Logger) {
    this.#memory = memory;
    this.#logger = logger;
  }

  read(address: number, length: number): Uint8Array | undefined {
    return this.#permits('read', address, length) ? this.#memory.read(address, length) : undefined;
  }

  write(address: number, bytes: Uint8Array): boolean {
    if (!this.#permits('write', address, bytes.length)) return false;
    this.#memory.write(address, bytes);
    return true;
  }

  /** Number of refused transfers, and the last one. */
  get status(): { readonly violations: number; readonly last: Json } {
    return { violations: this.#violations, last: this.#last === undefined ? null : { ...this.#last } };
  }

  #permits(access: MemoryAccess, address: number, length: number): boolean {
    if (length <= MOST_DMA_BYTES && this.#memory.contains(address, length, access)) return true;
    this.#last = { access, address, length };
    if (this.#violations++ < MOST_LOGGED) {
      const where = `${length} bytes at 0x${address.toString(16)}`;
      this.#logger.log('warn', `DMA refused: the device may not ${access} ${where}`);
    }
    return false;
  }
}
