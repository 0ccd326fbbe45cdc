import type { VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Pl031 } from './device.js';

/**
 * Arm PL031 real-time clock.
 *
 * @experimental
 */
export const pl031: VdevFactory = {
  type: 'pl031',
  description: 'Arm PrimeCell real-time clock (PL031)',
  options: {},
  resources: () => ({
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE }],
    interrupts: [{ name: 'rtc' }],
    role: 'rtc',
  }),
  create: (context) => new Pl031(context),
};
