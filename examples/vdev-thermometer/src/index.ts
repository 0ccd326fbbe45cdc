import { PLUGIN_API_VERSION, provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import type { VdevFactory } from '@qvm/core/vdev';
import { ThermometerDevice, HOTTEST } from './device.js';
import { REGISTERS_SIZE } from './registers.js';

/** The vdev type. Its name is the package's, so that configurations can say it without anything else. */
export const thermometerFactory: VdevFactory = {
  type: '@acme/vdev-thermometer',
  description: 'A thermometer with a heater and an alarm',
  options: [
    {
      name: 'temperature',
      kind: 'number',
      description: 'Millidegrees Celsius at power-on',
      default: '20000',
      min: 0,
      max: HOTTEST,
    },
  ],
  resources: () => ({
    mmio: [{ name: 'registers', size: REGISTERS_SIZE }],
    interrupts: [{ name: 'alarm' }],
    role: 'platform',
  }),
  create: (context, options) => new ThermometerDevice(context, Number(options['temperature'])),
};

/** What qvm imports: `"type": "@acme/vdev-thermometer"` in a configuration looks for this name. */
export const plugin: QvmPlugin = {
  name: '@acme/vdev-thermometer',
  apiVersion: PLUGIN_API_VERSION,
  provides: [provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => thermometerFactory })],
};
