import { QvmError } from '../errors/qvm-error.js';
import type { VdevState } from '../vdev/vdev.js';
import { endsWithin } from './ends-within.js';
import type { VdevInstance } from './vdev-instance.js';

/** Outstanding host I/O gets so long to end before a save. */
const QUIESCE_TIMEOUT_MS = 10_000;

/**
 * The guest-visible state of one vdev, and whose it is.
 *
 * @experimental
 */
export interface VdevSnapshot extends VdevState {
  /** Name of the instance. */
  readonly name: string;
  /** Type of the vdev. */
  readonly type: string;
}

/**
 * Brings all vdevs to rest. Somebody has to run the tasks that they post meanwhile.
 *
 * @param interrupted - resolves when nobody does any more: then there is no reason to wait.
 * @throws QvmError `vdev.busy` when one does not come to rest in time; VdevError when one fails.
 */
export async function quiesceVdevs(vdevs: readonly VdevInstance[], interrupted: Promise<void>): Promise<void> {
  const quiesce = async (vdev: VdevInstance): Promise<void> => {
    if (await endsWithin(Promise.race([vdev.quiesce(), interrupted]), QUIESCE_TIMEOUT_MS)) return;
    throw new QvmError(
      'vdev.busy',
      `The vdev ${vdev.name} still waits for the host after ${QUIESCE_TIMEOUT_MS / 1000} s.`,
    );
  };
  await Promise.all(vdevs.map(quiesce));
}

/**
 * The state of a vdev that is at rest.
 *
 * @throws VdevError
 */
export function saveVdev(vdev: VdevInstance): VdevSnapshot {
  return { name: vdev.name, type: vdev.factory.type, ...vdev.run('save', (device) => device.save()) };
}
