import type { VdevFactory } from '@qvm/core/vdev';
import { MAX_BAUD } from './baud.js';
import { QCAR_UART_SIZE, QcarUart } from './device.js';

/**
 * A 16550-compatible UART, at the place of the board's console, which it becomes. A second one needs
 * its own `base` and `irq`.
 *
 * @experimental
 */
export const qcarUart: VdevFactory = {
  type: 'qcar-uart',
  description: '16550-compatible UART',
  console: true,
  options: [
    {
      name: 'hostdev',
      kind: 'string',
      description: 'Where the characters go and come from: stdio, null, pty, file:PATH, tcp:HOST:PORT, …',
      default: 'stdio',
    },
    {
      name: 'baud',
      kind: 'number',
      description: 'Rate that the line has before the guest sets one; characters pass at once at any rate',
      default: '115200',
      min: 50,
      max: MAX_BAUD,
    },
  ],
  resources: () => ({
    mmio: [{ name: 'registers', size: QCAR_UART_SIZE }],
    interrupts: [{ name: 'uart' }],
    role: 'uart',
  }),
  create: (context, { hostdev, baud }) =>
    new QcarUart(context, typeof hostdev === 'string' ? hostdev : 'stdio', typeof baud === 'number' ? baud : 115_200),
};
