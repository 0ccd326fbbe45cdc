import type { Json } from '../vdev/vdev.js';

/**
 * The guest-visible state of one vCPU: registers by the names of the manual, and pending events. Derived state
 * (address translations, decoded code, addresses in the VM's memory) is not part of it.
 *
 * @experimental
 */
export interface VcpuSnapshot {
  /** Version of the format of `state`, defined by the architecture. */
  readonly version: number;
  /** State of the engine and the architecture, as JSON. */
  readonly state: Json;
}

/**
 * The guest-visible state of a VM's processors. RAM and vdevs are saved separately.
 *
 * @experimental
 */
export interface MachineSnapshot {
  /** `Architecture.name`. */
  readonly architecture: string;
  /** In order of their index. */
  readonly vcpus: readonly VcpuSnapshot[];
}
