import type { Tappable, VcpuHooks, VmHooks } from '@qvm/core/hooks';

/**
 * A VM as the recorder needs it. A `VmHandle` of `@qvm/sdk` is one.
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
