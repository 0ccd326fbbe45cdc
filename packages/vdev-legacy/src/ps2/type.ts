import type { VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { ALTERA_PS2_SIZE, AlteraPs2Port } from './altera-port.js';
import { Ps2Controller } from './controller.js';
import { KmiPort } from './kmi-port.js';

/**
 * Keyboard and mouse on two Arm PL050s at 0x1c060000 and 0x1c070000, INTIDs 44 and 45 (SPIs 12 and 13), as on Arm's
 * Versatile Express boards. Offers `INPUT_DEVICES`.
 *
 * @experimental
 */
export const pl050: VdevFactory = {
  type: 'pl050',
  description: 'PS/2 keyboard and mouse on Arm PrimeCell interfaces (PL050)',
  options: [],
  resources: () => ({
    mmio: [
      { name: 'keyboard', size: PRIMECELL_SIZE, defaultBase: 0x1c06_0000 },
      { name: 'mouse', size: PRIMECELL_SIZE, defaultBase: 0x1c07_0000 },
    ],
    interrupts: [
      { name: 'keyboard', defaultNumber: 44 },
      { name: 'mouse', defaultNumber: 45 },
    ],
  }),
  create: (context) => new Ps2Controller(context, (device, interrupt) => new KmiPort(device, interrupt)),
};

/**
 * Keyboard and mouse on two PS/2 cores of Altera at 0x1c080000 and 0x1c081000, INTIDs 46 and 47: what the stock kernels
 * of distributions have a driver for. Offers `INPUT_DEVICES`.
 *
 * @experimental
 */
export const ps2: VdevFactory = {
  type: 'ps2',
  description: 'PS/2 keyboard and mouse, for stock Linux kernels (Altera PS/2 cores)',
  options: [],
  resources: () => ({
    mmio: [
      { name: 'keyboard', size: ALTERA_PS2_SIZE, defaultBase: 0x1c08_0000 },
      { name: 'mouse', size: ALTERA_PS2_SIZE, defaultBase: 0x1c08_1000 },
    ],
    interrupts: [
      { name: 'keyboard', defaultNumber: 46 },
      { name: 'mouse', defaultNumber: 47 },
    ],
  }),
  create: (context) => new Ps2Controller(context, (device, interrupt) => new AlteraPs2Port(device, interrupt)),
};
