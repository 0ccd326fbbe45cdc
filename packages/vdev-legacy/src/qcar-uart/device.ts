import type { DeviceTreeContext, DeviceTreeNode, MmioHandler, Vdev, VdevContext } from '@qvm/core/vdev';
import { uart16550Node } from '../uart16550/device-tree.js';
import { UART_16550_REGISTERS_SIZE } from '../uart16550/registers.js';
import { Uart16550 } from '../uart16550/uart16550.js';

/**
 * The clock that the divisor divides, as in the device tree. It is a multiple of the traditional 1.8432 MHz, so that
 * all usual rates are exact.
 */
export const QCAR_UART_CLOCK_HZ = 14_745_600;
/** Size of the register range in bytes: eight words. */
export const QCAR_UART_SIZE = UART_16550_REGISTERS_SIZE;

/**
 * A 16550 with one register in each 32-bit word.
 *
 * @internal
 */
export class QcarUart extends Uart16550 implements Vdev {
  readonly mmio: Readonly<Record<string, MmioHandler>> = { registers: this.registers };
  readonly #context: VdevContext;
  readonly #baud: number;

  constructor(context: VdevContext, hostdev: string, baud: number) {
    super(context, { hostdev, baud, clockHz: QCAR_UART_CLOCK_HZ, interruptByOut2: false });
    this.#context = context;
    this.#baud = baud;
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const base = this.#context.mmioBase.registers ?? 0;
    const interrupt = this.interrupt.number;
    const place = { base, interrupt, size: QCAR_UART_SIZE, shift: 2, clockHz: QCAR_UART_CLOCK_HZ, baud: this.#baud };
    return [uart16550Node(place, context)];
  }
}
