import type { VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Pl031 } from './device.js';

/**
 * Arm PL031 real-time clock at 0x09010000, INTID 34 (SPI 2), as on QEMU's `virt` board.
 *
 * @experimental
 */
export const pl031: VdevFactory = {
  type: 'pl031',
  description: 'Arm PrimeCell real-time clock (PL031)',
  options: [],
  resources: () => ({
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE, defaultBase: 0x0901_0000 }],
    interrupts: [{ name: 'rtc', defaultNumber: 34 }],
  }),
  create: (context) => new Pl031(context),
};
