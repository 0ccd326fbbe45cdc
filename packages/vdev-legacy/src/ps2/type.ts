import type { VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { ALTERA_PS2_SIZE, AlteraPs2Port } from './altera-port.js';
import { Ps2Controller } from './controller.js';
import { I8042 } from './i8042.js';
import { KmiPort } from './kmi-port.js';

const I8042_PORTS = {
  ports: [
    { name: 'data', size: 1 },
    { name: 'command', size: 1 },
  ],
};
const ALTERA_REGISTERS = {
  mmio: [
    { name: 'keyboard', size: ALTERA_PS2_SIZE },
    { name: 'mouse', size: ALTERA_PS2_SIZE },
  ],
};

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
 * Keyboard and mouse of PCs, on an i8042. On machines without I/O ports, they are on two PS/2 cores of Altera, for which
 * kernels of distributions have a driver. Offers `INPUT_DEVICES`.
 *
 * @experimental
 */
export const ps2: VdevFactory = {
  type: 'ps2',
  description: 'PS/2 keyboard and mouse, for stock Linux kernels (i8042 on PCs, else Altera PS/2 cores)',
  options: {},
  resources: (_options, machine) => ({
    ...(machine?.ioPorts === true ? I8042_PORTS : ALTERA_REGISTERS),
    interrupts: [{ name: 'keyboard' }, { name: 'mouse' }],
  }),
  create: (context) =>
    context.portBase.data === undefined
      ? new Ps2Controller(context, (device, interrupt) => new AlteraPs2Port(device, interrupt))
      : new I8042(context),
};
