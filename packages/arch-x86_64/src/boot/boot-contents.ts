import type { FirmwareFile } from '@qvm/core/services';
import type { InitialState } from './initial-state.js';
import type { MemoryMapEntry } from './memory-map.js';
import type { X86Image } from './x86-image.js';

/** Bytes for guest memory; memory after them is cleared, up to `size` in all. @experimental */
export type LoadedSegment = X86Image['segments'][number];

/**
 * A boot before anything is written: the segments go into memory, and the first vCPU begins in the state.
 *
 * @experimental
 */
export interface BootPlan {
  /** Content of RAM: image, initial file system, tables, data of the boot protocol. */
  readonly segments: readonly LoadedSegment[];
  /** The state of the first vCPU. */
  readonly state: InitialState;
  /** The memory map that the guest is told. */
  readonly memory: readonly MemoryMapEntry[];
  /** Files for firmware in its configuration device. Absent: none. */
  readonly firmwareFiles?: readonly FirmwareFile[];
}
