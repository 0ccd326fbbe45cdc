import { provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import type { VdevFactory } from '@qvm/core/vdev';
import { acpiPm } from './acpi-pm/type.js';
import { debugPort } from './debug-port/type.js';
import { fwCfg } from './fw-cfg/type.js';
import { hpet } from './hpet/type.js';
import { pcReset } from './pc-reset/type.js';
import { pit } from './pit/type.js';
import { pl011 } from './pl011/type.js';
import { pl031 } from './pl031/type.js';
import { pl061 } from './pl061/type.js';
import { pl050, ps2 } from './ps2/type.js';
import { qcarUart } from './qcar-uart/type.js';
import { ramfb } from './ramfb/type.js';
import { rtc } from './rtc/type.js';
import { ser8250 } from './ser8250/type.js';
import { vga } from './vga/type.js';
import { sp805, wdtSp805 } from './wdt-sp805/type.js';

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
  ser8250,
  pit,
  rtc,
  hpet,
  acpiPm,
  pcReset,
  debugPort,
  fwCfg,
  vga,
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
