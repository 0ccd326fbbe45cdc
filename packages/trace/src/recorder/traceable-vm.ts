import type { Tappable, VcpuHooks, VmHooks } from '@qvm/core/hooks';

/**
 * The part of a VM that the recorder uses. A `VmHandle` of `@qvm/sdk` has it.
 *
 * @experimental
 */
export interface TraceableVm {
  readonly name: string;
  readonly hooks: Tappable<VmHooks>;
  readonly vcpus: readonly { readonly index: number; readonly hooks: Tappable<VcpuHooks> }[];
  /** Virtual time, which the trace relates to host time. */
  readonly clock: {
    /** Nanoseconds. */
    now(): number;
  };
}
