import { defineOptions } from '@qvm/core/options';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { hostdevOption } from '../serial/hostdev-option.js';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Pl011 } from './device.js';

const OPTIONS = defineOptions({ hostdev: hostdevOption });
type Pl011Declarations = typeof OPTIONS;

/**
 * Arm PL011 UART.
 *
 * @experimental
 */
export const pl011: VdevFactory<Pl011Declarations> = defineVdev({
  type: 'pl011',
  description: 'Arm PrimeCell UART (PL011)',
  console: true,
  options: OPTIONS,
  resources: () => ({
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE }],
    interrupts: [{ name: 'uart' }],
    role: 'uart',
  }),
  create: (context, { hostdev }) => new Pl011(context, hostdev),
});
