import { provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin, VdevFactory } from '@qvm/core';
import { pl011 } from './pl011/index.js';
import { pl031 } from './pl031/index.js';

/**
 * All vdevs of this package.
 *
 * @experimental
 */
export const legacyVdevs: readonly VdevFactory[] = Object.freeze([pl011, pl031]);

/**
 * The vdevs of this package, for a host that composes plugins.
 *
 * @experimental
 */
export const legacyVdevsPlugin: QvmPlugin = {
  name: '@qvm/vdev-legacy',
  apiVersion: 1,
  provides: legacyVdevs.map((vdev) =>
    provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => vdev }),
  ),
};
