import type { Json } from '@qvm/core';
import type { GuestMemory } from '@qvm/core/vdev';
import type { ChainBuffer } from './chain-buffer.js';
import type { GuestArea } from './guest-area.js';

/** The location of a queue, and its negotiated properties. */
export interface RingSetup {
  readonly memory: GuestMemory;
  /** Number of descriptors. */
  readonly size: number;
  readonly descriptors: GuestArea;
  /** Driver area: written by the driver (VirtIO 1.2, section 2.6). */
  readonly driver: GuestArea;
  /** Device area: written by the device. */
  readonly device: GuestArea;
  /** Whether RING_INDIRECT_DESC was negotiated. */
  readonly indirect: boolean;
  /** Whether RING_EVENT_IDX was negotiated. */
  readonly eventIndex: boolean;
}

/** Memory that a format of rings needs. */
export interface RingGeometry {
  readonly sizeProblem: (size: number) => string | undefined;
  /** Bytes and alignment of descriptor, driver and device area. */
  readonly areas: (size: number) => readonly AreaSpec[];
}

/** One of the three areas of a queue. */
export interface AreaSpec {
  readonly name: string;
  readonly bytes: number;
  readonly alignment: number;
}

/**
 * The device's side of a queue in one format. It trusts no data of the driver; a violated rule is reported as a text.
 */
export interface Ring {
  /** The next available buffer; `undefined` when there is none; a text if the driver has violated a rule. */
  take(): ChainBuffer | string | undefined;
  /** Puts the buffer that was taken last back. */
  putBack(buffer: ChainBuffer): void;
  /** Returns a buffer to the driver. */
  use(buffer: ChainBuffer, written: number): void;
  /** Whether the driver requests an interrupt for the buffers used since the last call. */
  interruptWanted(): boolean;
  /** Enables or disables kicks by the driver, for buffers that `take` has not seen. */
  wantKicks(wanted: boolean): void;
  /** Positions, for status and snapshots. */
  save(): RingPositions;
}

/** The device's positions in a ring. */
export type RingPositions = Readonly<Record<string, Json>>;
