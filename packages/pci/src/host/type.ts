import { provide, VDEV_FACTORY, type QvmPlugin } from '@qvm/core';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { hostResources, PCI_HOST } from './layout.js';
import { HOST_OPTIONS } from './options.js';
import { PciHost } from './pci-host.js';

/**
 * `pci-host`: a PCI Express host bridge with a root bus.
 *
 * @experimental
 */
export const pciHost: VdevFactory<typeof HOST_OPTIONS> = defineVdev({
  type: PCI_HOST,
  description: 'PCI Express host bridge',
  options: HOST_OPTIONS,
  resources: (_, machine) => hostResources(machine),
  create: (context, options) => new PciHost(context, options),
});

/**
 * The vdev of this package, for a host that composes plugins.
 *
 * @experimental
 */
export const pciPlugin: QvmPlugin = {
  name: '@qvm/pci',
  apiVersion: 1,
  provides: [provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => pciHost })],
};
