import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { uart16550Options } from '../uart16550/options.js';
import { QCAR_UART_CLOCK_HZ, QCAR_UART_SIZE, QcarUart } from './device.js';

const OPTIONS = uart16550Options(QCAR_UART_CLOCK_HZ);
type QcarUartDeclarations = typeof OPTIONS;

/**
 * A 16550-compatible UART, at the place of the board's console, which it replaces. A second one needs its own `base`
 * and `irq`.
 *
 * @experimental
 */
export const qcarUart: VdevFactory<QcarUartDeclarations> = defineVdev({
  type: 'qcar-uart',
  description: '16550-compatible UART',
  console: true,
  options: OPTIONS,
  resources: () => ({
    mmio: [{ name: 'registers', size: QCAR_UART_SIZE }],
    interrupts: [{ name: 'uart' }],
    role: 'uart',
  }),
  create: (context, { hostdev, baud }) => new QcarUart(context, hostdev, baud),
});
