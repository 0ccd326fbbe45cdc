import type { VmMemory } from './vm-memory.js';

/**
 * Memory of a vdev in the memory of its VM, such as that of a video adapter. The guest reaches what the vdev maps of it in a
 * window.
 *
 * @experimental
 */
export interface DeviceMemory {
  /** The contents, zeros at first; shared with the guest's vCPUs. */
  readonly bytes: Uint8Array;
}

/** Memory of a vdev, with its place in that of the VM. */
export class AllocatedMemory implements DeviceMemory {
  readonly bytes: Uint8Array;

  /** @param offset - in the memory of the VM. */
  constructor(
    readonly memory: VmMemory,
    readonly offset: number,
    size: number,
  ) {
    this.bytes = memory.u8.subarray(offset, offset + size);
  }
}
