import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { uart16550Options } from '../uart16550/options.js';
import { SER8250_CLOCK_HZ, SER8250_SIZE, Ser8250 } from './device.js';

const OPTIONS = uart16550Options(SER8250_CLOCK_HZ);
type Ser8250Declarations = typeof OPTIONS;

/**
 * A serial port of PCs, COM1 to COM4: a 16550A at I/O ports. On machines without ports, its registers are bytes in
 * memory, at the place of the board's console.
 *
 * @experimental
 */
export const ser8250: VdevFactory<Ser8250Declarations> = defineVdev({
  type: 'ser8250',
  description: 'Serial port of PCs (16550A)',
  console: true,
  options: OPTIONS,
  resources: (_options, machine) => ({
    [machine?.ioPorts === true ? 'ports' : 'mmio']: [{ name: 'registers', size: SER8250_SIZE }],
    interrupts: [{ name: 'uart' }],
    role: 'uart',
  }),
  create: (context, { hostdev, baud }) => new Ser8250(context, hostdev, baud),
});
