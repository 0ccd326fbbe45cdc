import { QvmError } from '../errors/qvm-error.js';

/**
 * Thrown when a tapped function throws. Code `hook.tap-failed`; the original error is the `cause`.
 *
 * @beta
 */
export class HookTapError extends QvmError {
  /** Name of the hook. */
  readonly hook: string;
  /** Name of the tap, which by convention is the plugin's name. */
  readonly tap: string;

  constructor(hook: string, tap: string, cause: unknown) {
    super('hook.tap-failed', `The tap "${tap}" of the hook ${hook} failed.`, { cause });
    this.hook = hook;
    this.tap = tap;
  }
}
