import type { OptionValues, VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Pl011 } from './device.js';

/**
 * Arm PL011 UART at 0x09000000, INTID 33 (SPI 1), as on QEMU's `virt` board.
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
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE, defaultBase: 0x0900_0000 }],
    interrupts: [{ name: 'uart', defaultNumber: 33 }],
  }),
  create: (context, options) => new Pl011(context, hostdevOf(options)),
};

function hostdevOf(options: OptionValues): string {
  return typeof options.hostdev === 'string' ? options.hostdev : 'stdio';
}
