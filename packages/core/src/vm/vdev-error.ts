import { QvmError } from '../errors/qvm-error.js';

/**
 * A vdev threw. Code `vdev.failed`; the original error is the `cause`.
 *
 * @experimental
 */
export class VdevError extends QvmError {
  /** Name of the instance. */
  readonly vdev: string;
  /** The operation that failed: `create`, `reset`, `read of 0x18`, `timer tick`, … */
  readonly activity: string;

  constructor(vdev: string, activity: string, cause: unknown) {
    super('vdev.failed', `The vdev ${vdev} failed (${activity}).`, { cause });
    this.vdev = vdev;
    this.activity = activity;
  }
}
