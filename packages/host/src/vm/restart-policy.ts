import type { VmEnd } from '../worker/messages.js';

/**
 * When a host restarts a VM that has ended by itself: never, when it failed (exit codes 4 to 7), or always.
 *
 * @experimental
 */
export type RestartPolicy = 'never' | 'on-failure' | 'always';

/** The policies by name. @experimental */
export const RESTART_POLICIES: readonly RestartPolicy[] = ['never', 'on-failure', 'always'];

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 60_000;
/** A VM that ran for this time starts with the first delay again. */
const HEALTHY_MS = 60_000;

/** Whether an exit code stands for a failure while the guest ran: a watchdog, an unsupported operation, a vdev, qvm. */
export function isFailure({ exitCode }: VmEnd): boolean {
  return exitCode >= 4 && exitCode <= 7;
}

/** Decides whether and when a VM is restarted; the delay doubles with each consecutive failure. */
export class RestartBackOff {
  readonly #policy: RestartPolicy;
  #inARow = 0;

  constructor(policy: RestartPolicy) {
    this.#policy = policy;
  }

  /**
   * Milliseconds until the next start, or `undefined` if there is none.
   *
   * @param ranMs - duration of the run in milliseconds.
   */
  next(end: VmEnd, ranMs: number): number | undefined {
    if (this.#policy === 'never' || (this.#policy === 'on-failure' && !isFailure(end))) return undefined;
    if (ranMs >= HEALTHY_MS) this.#inARow = 0;
    return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#inARow++, 16));
  }
}
