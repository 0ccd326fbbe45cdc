/**
 * A contiguous range of virtual addresses that the guest's tables map to a contiguous guest-physical range.
 *
 * @beta
 */
export interface VirtualMapping {
  /** First virtual address. */
  readonly virtual: bigint;
  /** Guest-physical address. */
  readonly physical: number;
  /** Size in bytes. */
  readonly size: number;
}
