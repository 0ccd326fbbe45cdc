import type { VmExit } from './vm-exit.js';

/**
 * The result of a step of a VM.
 *
 * @experimental
 */
export type StepResult =
  | {
      /** The budget is used up: there may be more to do at once. */
      readonly kind: 'ran';
    }
  | {
      /** Every vCPU waits. */
      readonly kind: 'idle';
      /** Virtual time of the next timer in nanoseconds; `undefined` when only the host can make the guest go on. */
      readonly until: number | undefined;
    }
  | {
      /**
       * The guest reset its machine: await `restart` before the next step, best after `restartPauseMs`. Only with
       * `onReset: 'restart'`.
       */
      readonly kind: 'reset';
    }
  | {
      /** The VM has ended. */
      readonly kind: 'ended';
      /** How it ended. */
      readonly exit: VmExit;
    };
