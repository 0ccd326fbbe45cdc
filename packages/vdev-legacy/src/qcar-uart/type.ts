import { defineOptions, option } from '@qvm/core/options';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { hostdevOption } from '../serial/hostdev-option.js';
import { maxBaud } from '../uart16550/baud.js';
import { QCAR_UART_CLOCK_HZ, QCAR_UART_SIZE, QcarUart } from './device.js';

const OPTIONS = defineOptions({
  hostdev: hostdevOption,
  baud: option.number({
    description: 'Rate that the line has before the guest sets one; characters pass at once at any rate',
    default: 115_200,
    min: 50,
    max: maxBaud(QCAR_UART_CLOCK_HZ),
  }),
});
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
