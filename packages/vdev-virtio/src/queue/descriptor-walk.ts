import { ChainBuffer } from './chain-buffer.js';
import {
  DESC_ADDRESS,
  DESC_F_INDIRECT,
  DESC_F_NEXT,
  DESC_F_WRITE,
  DESC_LENGTH,
  DESCRIPTOR_BYTES,
} from './descriptor.js';
import { GuestArea } from './guest-area.js';
import type { RingSetup } from './ring.js';

/** The chaining of descriptors in a format. */
export interface ChainFormat {
  /** Offset of the flags in a descriptor. */
  readonly flags: number;
  /** The index after `index` in the ring, or in an indirect table of `length` descriptors; `undefined` at the end. */
  next(table: GuestArea, index: number, flags: number, ring: boolean, length: number): number | undefined;
}

/** Walks one chain and collects its buffer. */
export class DescriptorWalk {
  readonly #setup: RingSetup;
  readonly #format: ChainFormat;
  /** Index of the last visited descriptor in the ring. */
  last = 0;

  constructor(setup: RingSetup, format: ChainFormat) {
    this.#setup = setup;
    this.#format = format;
  }

  /**
   * @param head - index of the first descriptor, inside the ring.
   * @returns the buffer, or the rule that the driver has violated.
   */
  walk(head: number): ChainBuffer | string {
    const { size, descriptors } = this.#setup;
    const buffer = new ChainBuffer(this.#setup.memory);
    for (let index: number | undefined = head; index !== undefined;) {
      // Section 2.7.5.3.1: no chain is longer than the queue. This also ends loops.
      if (++buffer.ringEntries > size) return 'a chain that loops or is longer than the queue';
      this.last = index;
      const at = index * DESCRIPTOR_BYTES;
      const flags = descriptors.u16(at + this.#format.flags);
      const indirect = (flags & DESC_F_INDIRECT) !== 0;
      const problem = indirect
        ? this.#walkTable(buffer, at, flags)
        : buffer.append(descriptors.u64(at + DESC_ADDRESS), descriptors.u32(at + DESC_LENGTH), isWrite(flags));
      if (problem !== undefined) return problem;
      index = this.#format.next(descriptors, index, flags, true, size);
      if (index !== undefined && index >= size) return `a next descriptor ${index} outside the queue`;
    }
    return buffer;
  }

  /** Sections 2.7.5.3 and 2.8.7: the table ends the chain. The flag WRITE of its descriptor has no meaning. */
  #walkTable(buffer: ChainBuffer, at: number, flags: number): string | undefined {
    const { memory, descriptors, size, indirect } = this.#setup;
    if (!indirect) return 'an indirect descriptor without RING_INDIRECT_DESC';
    if ((flags & DESC_F_NEXT) !== 0) return 'an indirect descriptor with a next one';
    const bytes = descriptors.u32(at + DESC_LENGTH);
    const length = bytes / DESCRIPTOR_BYTES;
    if (length === 0 || !Number.isInteger(length)) return `an indirect table of ${bytes} bytes`;
    if (length + buffer.ringEntries - 1 > size) return 'an indirect table longer than the queue';
    const table = GuestArea.at(memory, descriptors.u64(at + DESC_ADDRESS), bytes, 'read');
    if (table === undefined) return 'an indirect table that is not in RAM';
    return this.#walkEntries(buffer, table, length);
  }

  #walkEntries(buffer: ChainBuffer, table: GuestArea, length: number): string | undefined {
    let index: number | undefined = 0;
    for (let count = 0; index !== undefined; count++) {
      if (count === length) return 'an indirect table that loops';
      const at: number = index * DESCRIPTOR_BYTES;
      const flags = table.u16(at + this.#format.flags);
      if ((flags & DESC_F_INDIRECT) !== 0) return 'an indirect descriptor in an indirect table';
      const problem = buffer.append(table.u64(at + DESC_ADDRESS), table.u32(at + DESC_LENGTH), isWrite(flags));
      if (problem !== undefined) return problem;
      index = this.#format.next(table, index, flags, false, length);
      if (index !== undefined && index >= length) return `a next descriptor ${index} outside the indirect table`;
    }
    return undefined;
  }
}

function isWrite(flags: number): boolean {
  return (flags & DESC_F_WRITE) !== 0;
}
