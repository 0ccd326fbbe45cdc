/**
 * One descriptor: a range of guest RAM that the device reads or writes.
 *
 * @experimental
 */
export interface VirtioSegment {
  /** First guest-physical address. */
  readonly address: number;
  /** Bytes. */
  readonly length: number;
  /** Whether the device writes it. */
  readonly write: boolean;
}

/**
 * A buffer that the device has used.
 *
 * @experimental
 */
export interface UsedElement {
  /** Identifier of the buffer: the index of its first descriptor, or the buffer id of a packed ring. */
  readonly id: number;
  /** Bytes that the device has written. */
  readonly written: number;
}

/**
 * The driver's half of a virtqueue, in one of the two formats.
 *
 * @experimental
 */
export interface DriverRing {
  /** Addresses of descriptor area, driver area and device area (section 2.6). */
  readonly areas: readonly [number, number, number];
  /**
   * Adds a chain, which the device does not see until `publish`. Returns an id that is unique among the buffers in
   * flight.
   */
  add(chain: readonly VirtioSegment[]): number;
  /** Like `add`, with one descriptor for an indirect table at `table` (sections 2.7.5.3 and 2.8.7). */
  addIndirect(chain: readonly VirtioSegment[], table: number): number;
  /** Makes the added chains available. Returns whether the device wants to be notified. */
  publish(): boolean;
  /** Buffers that the device has used since the last call. */
  collect(): readonly UsedElement[];
  /** Enables or disables interrupts; with the event index, requests one at the next used buffer. */
  wantInterrupts(wanted: boolean): void;
}

/**
 * Bytes of a descriptor, in both formats.
 *
 * @experimental
 */
export const DESCRIPTOR_BYTES = 16;
/**
 * Flag of a descriptor: the chain continues (sections 2.7.5 and 2.8.1).
 *
 * @experimental
 */
export const DESC_NEXT = 1;
/**
 * Flag of a descriptor: the device writes the buffer.
 *
 * @experimental
 */
export const DESC_WRITE = 2;
/**
 * Flag of a descriptor: it points to a table of descriptors.
 *
 * @experimental
 */
export const DESC_INDIRECT = 4;
