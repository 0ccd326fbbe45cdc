import type { VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { ALTERA_PS2_SIZE, AlteraPs2Port } from './altera-port.js';
import { Ps2Controller } from './controller.js';
import { KmiPort } from './kmi-port.js';

/**
 * Keyboard and mouse on two Arm PL050s. Offers `INPUT_DEVICES`.
 *
 * @experimental
 */
export const pl050: VdevFactory = {
  type: 'pl050',
  description: 'PS/2 keyboard and mouse on Arm PrimeCell interfaces (PL050)',
  options: {},
  resources: () => ({
    mmio: [
      { name: 'keyboard', size: PRIMECELL_SIZE },
      { name: 'mouse', size: PRIMECELL_SIZE },
    ],
    interrupts: [{ name: 'keyboard' }, { name: 'mouse' }],
  }),
  create: (context) => new Ps2Controller(context, (device, interrupt) => new KmiPort(device, interrupt)),
};

/**
 * Keyboard and mouse on two PS/2 cores of Altera, for which kernels of distributions have a driver. Offers
 * `INPUT_DEVICES`.
 *
 * @experimental
 */
export const ps2: VdevFactory = {
  type: 'ps2',
  description: 'PS/2 keyboard and mouse, for stock Linux kernels (Altera PS/2 cores)',
  options: {},
  resources: () => ({
    mmio: [
      { name: 'keyboard', size: ALTERA_PS2_SIZE },
      { name: 'mouse', size: ALTERA_PS2_SIZE },
    ],
    interrupts: [{ name: 'keyboard' }, { name: 'mouse' }],
  }),
  create: (context) => new Ps2Controller(context, (device, interrupt) => new AlteraPs2Port(device, interrupt)),
};
