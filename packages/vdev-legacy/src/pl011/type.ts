import type { OptionValues, VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Pl011 } from './device.js';

/**
 * Arm PL011 UART.
 *
 * @experimental
 */
export const pl011: VdevFactory = {
  type: 'pl011',
  description: 'Arm PrimeCell UART (PL011)',
  console: true,
  options: [
    {
      name: 'hostdev',
      kind: 'string',
      description: 'Where the characters go and come from: stdio, null, pty, file:PATH, tcp:HOST:PORT, …',
      default: 'stdio',
    },
  ],
  resources: () => ({
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE }],
    interrupts: [{ name: 'uart' }],
    role: 'uart',
  }),
  create: (context, options) => new Pl011(context, hostdevOf(options)),
};

function hostdevOf(options: OptionValues): string {
  return typeof options.hostdev === 'string' ? options.hostdev : 'stdio';
}
