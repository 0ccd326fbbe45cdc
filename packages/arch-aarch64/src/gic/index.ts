import { defineOptions, option } from '@qvm/core/options';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { Gic } from './device.js';
import { DISTRIBUTOR_SIZE, REDISTRIBUTORS_SIZE } from './limits.js';

const OPTIONS = defineOptions({
  version: option.enum(['3'], { default: '3', description: 'Version of the architecture' }),
});
type GicDeclarations = typeof OPTIONS;

/**
 * Arm generic interrupt controller, version 3. Needs the attachments AARCH64_CPUS and `@qvm/core/InterruptWiring`.
 *
 * @experimental
 */
export const gic: VdevFactory<GicDeclarations> = defineVdev({
  type: 'gic',
  architecture: 'aarch64',
  description: 'Arm generic interrupt controller (GICv3)',
  options: OPTIONS,
  resources: () => ({
    mmio: [
      { name: 'distributor', size: DISTRIBUTOR_SIZE },
      { name: 'redistributors', size: REDISTRIBUTORS_SIZE },
    ],
    role: 'interrupt-controller',
  }),
  create: (context) => new Gic(context),
});
