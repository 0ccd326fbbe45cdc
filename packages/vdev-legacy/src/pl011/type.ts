import { defineOptions } from '@qvm/core/options';
import { defineVdev } from '@qvm/core/vdev';
import { hostdevOption } from '../serial/hostdev-option.js';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Pl011 } from './device.js';

/**
 * Arm PL011 UART.
 *
 * @experimental
 */
export const pl011 = defineVdev({
  type: 'pl011',
  description: 'Arm PrimeCell UART (PL011)',
  console: true,
  options: defineOptions({ hostdev: hostdevOption }),
  resources: () => ({
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE }],
    interrupts: [{ name: 'uart' }],
    role: 'uart',
  }),
  create: (context, { hostdev }) => new Pl011(context, hostdev),
});
