import type { Json } from '../vdev/vdev.js';

/**
 * The guest-visible state of one vCPU: registers by the names of the manual, and what it waits for. What follows from that (translations,
 * decoded code, addresses in the VM's memory) is no part of it.
 *
 * @experimental
 */
export interface VcpuSnapshot {
  /** Of the format of `state`, as the architecture counts. */
  readonly version: number;
  /** What the engine and the architecture keep, as JSON. */
  readonly state: Json;
}

/**
 * The guest-visible state of a VM's processors. RAM and vdevs are saved beside it.
 *
 * @experimental
 */
export interface MachineSnapshot {
  /** `Architecture.name`. */
  readonly architecture: string;
  /** In order of their index. */
  readonly vcpus: readonly VcpuSnapshot[];
}
