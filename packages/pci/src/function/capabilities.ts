import { QvmError } from '@qvm/core';
import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';
import type { ConfigSpace } from '../config-space/config-space.js';
import {
  CAPABILITIES_POINTER,
  CONVENTIONAL_END,
  HEADER_END,
  STATUS,
  STATUS_CAPABILITIES,
} from '../config-space/registers.js';

/**
 * A capability in the configuration space of a function.
 *
 * @experimental
 */
export interface CapabilitySpec {
  /** Identifier, such as 9 for a vendor-specific capability. */
  readonly id: number;
  /** Its bytes after identifier and link. */
  readonly bytes: ArrayLike<number>;
  /** The bits of these bytes that software can write. Default none. */
  readonly writable?: ArrayLike<number>;
  /** Bytes whose accesses go to a handler; the offset is from the start of the capability. */
  readonly live?: {
    /** From the start of the capability. */
    readonly offset: number;
    /** Bytes. */
    readonly size: number;
    /**
     * Makes the handler that performs the accesses; offsets are from the start of these bytes.
     *
     * @param field - reads a field of the capability; the offset is from its start.
     */
    readonly handler: (field: (offset: number, width: AccessWidth) => number) => MmioHandler;
  };
}

/** Bytes of identifier and link. */
const CAPABILITY_HEADER = 2;
const ALIGNMENT = 4;

/** The list of capabilities of a function (PCI Local Bus 3.0, section 6.7), filled from the end of the header. */
export class CapabilityList {
  readonly #config: ConfigSpace;
  #next = HEADER_END;
  /** Where the link to the next capability belongs. */
  #link = CAPABILITIES_POINTER;

  constructor(config: ConfigSpace) {
    this.#config = config;
  }

  /**
   * Adds a capability at the end of the list.
   *
   * @returns its offset in the configuration space.
   * @throws `QvmError` `pci.capabilities` when there is no room.
   */
  add({ id, bytes, writable, live }: CapabilitySpec): number {
    const offset = this.#next;
    const length = CAPABILITY_HEADER + bytes.length;
    if (offset + length > CONVENTIONAL_END) {
      throw new QvmError('pci.capabilities', `There is no room for a capability of ${length} bytes.`);
    }
    this.#config.define({ offset, width: 1, value: id });
    this.#config.define({ offset: offset + 1, width: 1 });
    for (let index = 0; index < bytes.length; index++) {
      const at = offset + CAPABILITY_HEADER + index;
      this.#config.define({ offset: at, width: 1, value: bytes[index] ?? 0, writable: writable?.[index] ?? 0 });
    }
    if (live !== undefined) {
      const handler = live.handler((at, width) => this.#config.get(offset + at, width));
      this.#config.defineLive(offset + live.offset, live.size, handler);
    }
    this.#config.define({ offset: this.#link, width: 1, value: offset });
    this.#config.define({ offset: STATUS, width: 1, value: STATUS_CAPABILITIES });
    this.#link = offset + 1;
    this.#next = offset + Math.ceil(length / ALIGNMENT) * ALIGNMENT;
    return offset;
  }
}

const EXTENDED_START = 0x100;
const EXTENDED_HEADER = 4;

/** The list of extended capabilities (PCI Express Base 4.0, section 7.6.3). */
export class ExtendedCapabilityList {
  readonly #config: ConfigSpace;
  #next = EXTENDED_START;
  /** The last capability, whose link is still 0. */
  #last: { readonly offset: number; readonly header: number } | undefined;

  constructor(config: ConfigSpace) {
    this.#config = config;
  }

  /**
   * Adds an extended capability of read-only bytes at the end of the list.
   *
   * @param id - 16 bits.
   * @param version - 4 bits.
   * @param bytes - those after the header of four bytes.
   * @returns its offset in the configuration space.
   * @throws `QvmError` `pci.config-space` when there is no room.
   */
  add(id: number, version: number, bytes: ArrayLike<number>): number {
    const offset = this.#next;
    const header = (id & 0xffff) | ((version & 0xf) << 16);
    this.#config.define({ offset, width: 4, value: header });
    for (let index = 0; index < bytes.length; index++) {
      this.#config.define({ offset: offset + EXTENDED_HEADER + index, width: 1, value: bytes[index] ?? 0 });
    }
    if (this.#last !== undefined) {
      this.#config.define({ offset: this.#last.offset, width: 4, value: this.#last.header | (offset << 20) });
    }
    this.#last = { offset, header };
    this.#next = offset + Math.ceil((EXTENDED_HEADER + bytes.length) / ALIGNMENT) * ALIGNMENT;
    return offset;
  }
}
