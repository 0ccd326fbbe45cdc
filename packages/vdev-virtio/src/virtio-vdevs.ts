import { provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import type { VdevFactory } from '@qvm/core/vdev';
import { virtioBlk } from './blk/type.js';
import { virtioConsole } from './console/type.js';
import { virtioEntropy } from './entropy/type.js';
import { virtioVdev } from './virtio-vdev.js';
import { virtioNet } from './net/type.js';

/**
 * The VirtIO vdev types of this package, to be provided under `VDEV_FACTORY`.
 *
 * @experimental
 */
export const virtioVdevs: readonly VdevFactory[] = Object.freeze([
  virtioVdev(virtioBlk),
  virtioVdev(virtioEntropy),
  virtioVdev(virtioConsole),
  virtioVdev(virtioNet),
]);

/**
 * The vdevs of this package, for a host that composes plugins.
 *
 * @experimental
 */
export const virtioVdevsPlugin: QvmPlugin = {
  name: '@qvm/vdev-virtio',
  apiVersion: 1,
  provides: virtioVdevs.map((vdev) =>
    provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => vdev }),
  ),
};
