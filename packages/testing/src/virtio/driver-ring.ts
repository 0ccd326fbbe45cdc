/**
 * One descriptor: a range of guest RAM for the device to read or to write.
 *
 * @experimental
 */
export interface VirtioSegment {
  readonly address: number;
  readonly length: number;
  /** The device writes it. */
  readonly write: boolean;
}

/**
 * A buffer that the device gave back.
 *
 * @experimental
 */
export interface UsedElement {
  readonly id: number;
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
  /** Puts a chain in place, unseen by the device until `publish`. Returns an id that no buffer in flight has. */
  add(chain: readonly VirtioSegment[]): number;
  /** As `add`, by one descriptor that names a table at `table` (section 2.7.5.3 and 2.8.7). */
  addIndirect(chain: readonly VirtioSegment[], table: number): number;
  /** Makes the added chains available. Returns whether the device wants to be kicked. */
  publish(): boolean;
  /** Buffers that were used since the last call. */
  collect(): readonly UsedElement[];
  /** Asks for interrupts or for none; with the event index, for one at the next used buffer. */
  wantInterrupts(wanted: boolean): void;
}

/**
 * Bytes of a descriptor, in both formats.
 *
 * @experimental
 */
export const DESCRIPTOR_BYTES = 16;
/**
 * Flag of a descriptor: the chain goes on (sections 2.7.5 and 2.8.1).
 *
 * @experimental
 */
export const DESC_NEXT = 1;
/**
 * Flag of a descriptor: for the device to write.
 *
 * @experimental
 */
export const DESC_WRITE = 2;
/**
 * Flag of a descriptor: it names a table of descriptors.
 *
 * @experimental
 */
export const DESC_INDIRECT = 4;
