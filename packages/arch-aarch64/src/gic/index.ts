import type { VdevFactory } from '@qvm/core/vdev';
import { Gic } from './device.js';
import { DISTRIBUTOR_SIZE, REDISTRIBUTORS_SIZE } from './limits.js';

/**
 * Arm generic interrupt controller, version 3: distributor at 0x08000000, redistributors at 0x080a0000, as on QEMU's `virt`
 * board. Needs the attachments AARCH64_CPUS and `@qvm/core/InterruptWiring`.
 *
 * @experimental
 */
export const gic: VdevFactory = {
  type: 'gic',
  description: 'Arm generic interrupt controller (GICv3)',
  options: [{ name: 'version', kind: 'enum', values: ['3'], default: '3', description: 'Version of the architecture' }],
  resources: () => ({
    mmio: [
      { name: 'distributor', size: DISTRIBUTOR_SIZE, defaultBase: 0x0800_0000 },
      { name: 'redistributors', size: REDISTRIBUTORS_SIZE, defaultBase: 0x080a_0000 },
    ],
  }),
  create: (context) => new Gic(context),
};
