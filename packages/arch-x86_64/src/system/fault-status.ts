import type { EngineFaults } from '@qvm/engine';

/**
 * Reasons of faulting accesses, as the engine hands them on. From {@link FaultStatus.Page} on: a page fault, with its
 * error code in the low bits.
 *
 * @experimental
 */
export enum FaultStatus {
  /** A misaligned access while alignment is checked: #AC. */
  Alignment = 1,
  /** Nothing answers at the physical address. Only fetches report it: data accesses read ones. */
  External = 2,
  /** A data breakpoint. Traps after the access, so the engine never refuses one. */
  Watchpoint = 3,
  /** The address is not canonical: #GP or #SS. */
  NonCanonical = 4,
  /** Added to the error code of a page fault. */
  Page = 0x100,
}

/** Bits of the error code of a page fault (SDM vol. 3, 4.7). @experimental */
export enum PageFaultCode {
  Protection = 1 << 0,
  Write = 1 << 1,
  User = 1 << 2,
  Reserved = 1 << 3,
  Fetch = 1 << 4,
}

/** The faults that the engine detects. @experimental */
export const ENGINE_FAULTS: EngineFaults = {
  alignment: FaultStatus.Alignment,
  external: FaultStatus.External,
  watchpoint: FaultStatus.Watchpoint,
};
