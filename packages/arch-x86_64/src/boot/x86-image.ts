import type { AddressRange, Contents } from '@qvm/core/architecture';
import type { EntryProtocol } from './entries.js';
import type { SetupHeader } from './setup-header.js';

/**
 * An image that is ready to be placed.
 *
 * @experimental
 */
export interface X86Image {
  /** The protocol by which it is entered. */
  readonly protocol: EntryProtocol;
  /** Guest-physical address of the first instruction; of firmware it is the reset vector. */
  readonly entry: number;
  /** Disjoint, in ascending order. Memory after the contents is cleared, up to `size` in all. */
  readonly segments: readonly {
    /** Guest-physical address. */
    readonly address: number;
    /** Contents of its beginning. */
    readonly contents: Contents;
    /** Bytes in memory, at least those of the contents. */
    readonly size: number;
  }[];
  /** Of a bzImage. */
  readonly setup?: SetupHeader;
  /** Memory that it uses at first besides its segments, and that may contain them. Absent: none. */
  readonly work?: AddressRange;
}
