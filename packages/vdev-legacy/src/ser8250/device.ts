import { BytePorts } from '@qvm/core/vdev';
import type {
  AcpiContext,
  AcpiPart,
  DeviceTreeContext,
  DeviceTreeNode,
  MmioHandler,
  PortHandler,
  Vdev,
  VdevContext,
} from '@qvm/core/vdev';
import { acpiDevice, ioResource } from '../ports/acpi-device.js';
import { uart16550Node } from '../uart16550/device-tree.js';
import { Uart16550 } from '../uart16550/uart16550.js';

/** The clock of the serial ports of PCs; the highest rate is 115200 baud. */
export const SER8250_CLOCK_HZ = 1_843_200;
/** Number of ports, or of bytes: one for each register. */
export const SER8250_SIZE = 8;

const REGISTERS = 'registers';

/**
 * A serial port of PCs: a 16550 with one register in each I/O port or, on machines without ports, in each byte.
 *
 * @internal
 */
export class Ser8250 extends Uart16550 implements Vdev {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly ports: Readonly<Record<string, PortHandler>>;
  readonly #context: VdevContext;
  readonly #base: number | undefined;
  readonly #baud: number;

  constructor(context: VdevContext, hostdev: string, baud: number) {
    super(context, {
      hostdev,
      baud,
      clockHz: SER8250_CLOCK_HZ,
      interruptByOut2: context.mmioBase[REGISTERS] === undefined,
    });
    this.#context = context;
    this.#base = context.mmioBase[REGISTERS];
    this.#baud = baud;
    const registers = new BytePorts({
      readByte: (port) => this.registers.read(4 * port, 1),
      writeByte: (port, value) => this.registers.write(4 * port, 1, value),
    });
    this.mmio = this.#base === undefined ? {} : { [REGISTERS]: registers };
    this.ports = this.#base === undefined ? { [REGISTERS]: registers } : {};
  }

  acpi(context: AcpiContext): readonly AcpiPart[] {
    if (this.#base !== undefined) return [];
    const registers = ioResource(this.#context.portBase, REGISTERS, SER8250_SIZE);
    const resources = [registers, context.interrupt(this.interrupt.number, 'edge')];
    return [acpiDevice({ prefix: 'COM', id: 'PNP0501', resources }, context)];
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    if (this.#base === undefined) return [];
    const place = { base: this.#base, size: SER8250_SIZE, shift: 0, interrupt: this.interrupt.number };
    return [uart16550Node({ ...place, clockHz: SER8250_CLOCK_HZ, baud: this.#baud }, context)];
  }
}
