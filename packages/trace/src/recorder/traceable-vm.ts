import type { Tappable, VcpuHooks, VmHooks } from '@qvm/core/hooks';

/**
 * The part of a VM that the recorder uses. A `VmHandle` of `@qvm/sdk` has it.
 *
 * @experimental
 */
export interface TraceableVm {
  /** Name of the VM. */
  readonly name: string;
  /** The hooks of the VM. */
  readonly hooks: Tappable<VmHooks>;
  /** The vCPUs, by index. */
  readonly vcpus: readonly {
    /** Index of the vCPU in its VM, from 0. */
    readonly index: number;
    /** The hooks of the vCPU. */
    readonly hooks: Tappable<VcpuHooks>;
  }[];
  /** Virtual time, which the trace relates to host time. */
  readonly clock: {
    /** Nanoseconds. */
    now(): number;
  };
}
