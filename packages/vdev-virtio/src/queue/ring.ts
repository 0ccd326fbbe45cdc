import type { Json } from '@qvm/core';
import type { GuestMemory } from '@qvm/core/vdev';
import type { ChainBuffer } from './chain-buffer.js';
import type { GuestArea } from './guest-area.js';

/** Where a driver has put a queue, and what holds for it. */
export interface RingSetup {
  readonly memory: GuestMemory;
  /** Number of descriptors. */
  readonly size: number;
  readonly descriptors: GuestArea;
  /** Driver area: written by the driver (VirtIO 1.2, section 2.6). */
  readonly driver: GuestArea;
  /** Device area: written by the device. */
  readonly device: GuestArea;
  /** RING_INDIRECT_DESC was negotiated. */
  readonly indirect: boolean;
  /** RING_EVENT_IDX was negotiated. */
  readonly eventIndex: boolean;
}

/** What a format of rings needs of memory. */
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

/** The device's half of a queue in one format. It trusts nothing that it reads; a rule that is broken is named. */
export interface Ring {
  /** The next available buffer; `undefined` when there is none; a string when the driver broke a rule. */
  take(): ChainBuffer | string | undefined;
  /** Puts the buffer that was taken last back. */
  putBack(buffer: ChainBuffer): void;
  /** Gives a buffer back to the driver. */
  use(buffer: ChainBuffer, written: number): void;
  /** Whether the driver asks for an interrupt for what was used since the last call. */
  interruptWanted(): boolean;
  /** Asks the driver for kicks, or for none; they are wanted for buffers that `take` has not seen. */
  wantKicks(wanted: boolean): void;
  /** Positions, for status and snapshots. */
  save(): RingPositions;
}

/** Where the device is in a ring. */
export type RingPositions = Readonly<Record<string, Json>>;
