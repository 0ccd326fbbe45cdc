import { PLUGIN_API_VERSION, provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import { defineOptions, option } from '@qvm/core/options';
import { defineVdev } from '@qvm/core/vdev';
import { ThermometerDevice, HOTTEST } from './device.js';
import { REGISTERS_SIZE } from './registers.js';

/** The vdev type. Its name is the package's, so that configurations can say it without anything else. */
export const thermometerFactory = defineVdev({
  type: '@acme/vdev-thermometer',
  description: 'A thermometer with a heater and an alarm',
  options: defineOptions({
    temperature: option.number({
      description: 'Millidegrees Celsius at power-on',
      default: 20_000,
      min: 0,
      max: HOTTEST,
    }),
  }),
  resources: () => ({
    mmio: [{ name: 'registers', size: REGISTERS_SIZE }],
    interrupts: [{ name: 'alarm' }],
    role: 'platform',
  }),
  create: (context, { temperature }) => new ThermometerDevice(context, temperature),
});

/** The export that qvm imports for `"type": "@acme/vdev-thermometer"` in a configuration. */
export const plugin: QvmPlugin = {
  name: '@acme/vdev-thermometer',
  apiVersion: PLUGIN_API_VERSION,
  provides: [provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => thermometerFactory })],
};
