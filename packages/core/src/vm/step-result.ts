import type { VmExit } from './vm-exit.js';

/**
 * What a step of a VM came to.
 *
 * @experimental
 */
export type StepResult =
  /** There may be more to do at once. */
  | { readonly kind: 'ran' }
  /**
   * Every vCPU waits. `until` is the virtual time of the next timer in nanoseconds, or `undefined` when only the host can
   * make the guest go on.
   */
  | { readonly kind: 'idle'; readonly until: number | undefined }
  /** The guest reset its machine: await `restart` before the next step, best after `restartPauseMs`. Only with `onReset: 'restart'`. */
  | { readonly kind: 'reset' }
  /** The VM has ended. */
  | { readonly kind: 'ended'; readonly exit: VmExit };
