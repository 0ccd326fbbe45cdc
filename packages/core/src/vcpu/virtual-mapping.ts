/**
 * A range of virtual addresses that the guest's tables map to one range of guest-physical ones.
 *
 * @experimental
 */
export interface VirtualMapping {
  readonly virtual: bigint;
  /** Guest-physical address. */
  readonly physical: number;
  /** Bytes. */
  readonly size: number;
}
