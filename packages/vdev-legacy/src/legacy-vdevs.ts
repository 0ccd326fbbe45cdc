import { provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin, VdevFactory } from '@qvm/core';
import { fwCfg } from './fw-cfg/index.js';
import { pl011 } from './pl011/index.js';
import { pl031 } from './pl031/index.js';
import { pl061 } from './pl061/index.js';
import { pl050, ps2 } from './ps2/index.js';
import { qcarUart } from './qcar-uart/index.js';
import { ramfb } from './ramfb/index.js';
import { sp805, wdtSp805 } from './wdt-sp805/index.js';

/**
 * All vdevs of this package.
 *
 * @experimental
 */
export const legacyVdevs: readonly VdevFactory[] = Object.freeze([
  pl011,
  pl031,
  pl050,
  pl061,
  ps2,
  qcarUart,
  ramfb,
  fwCfg,
  wdtSp805,
  sp805,
]);

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
