import { POWER_BUTTON } from '@qvm/core/services';
import type { VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Pl061 } from './device.js';

/**
 * Arm PL061 GPIO controller with the power button, at 0x09030000, INTID 39 (SPI 7), as on QEMU's `virt` board. Offers
 * `POWER_BUTTON`, unless another vdev does.
 *
 * @experimental
 */
export const pl061: VdevFactory = {
  type: 'pl061',
  description: 'Arm PrimeCell GPIO (PL061) with the power button',
  options: [],
  resources: () => ({
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE, defaultBase: 0x0903_0000 }],
    interrupts: [{ name: 'gpio', defaultNumber: 39 }],
  }),
  create: (context) => {
    const device = new Pl061(context);
    context.offer(POWER_BUTTON, device);
    return device;
  },
};
