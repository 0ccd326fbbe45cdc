import { POWER_BUTTON } from '@qvm/core/services';
import type { VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Pl061 } from './device.js';

/**
 * Arm PL061 GPIO controller with the power button. Offers
 * `POWER_BUTTON`, unless another vdev does.
 *
 * @experimental
 */
export const pl061: VdevFactory = {
  type: 'pl061',
  description: 'Arm PrimeCell GPIO (PL061) with the power button',
  options: {},
  resources: () => ({
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE }],
    interrupts: [{ name: 'gpio' }],
    role: 'gpio',
  }),
  create: (context) => {
    const device = new Pl061(context);
    context.offer(POWER_BUTTON, device);
    return device;
  },
};
