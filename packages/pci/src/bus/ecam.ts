import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';
import type { PciBus } from './pci-bus.js';

/** Bytes of the configuration window for one bus. */
export const ECAM_BYTES = 0x10_0000;

const FUNCTION_SHIFT = 12;
const REGISTER_MASK = 0xfff;

/**
 * The memory window to the configuration spaces of bus 0 (PCI Express Base 4.0, section 7.2.2). Bits 19–15 of an offset
 * are the device, 14–12 the function, 11–0 the register.
 *
 * @experimental
 */
export class EcamWindow implements MmioHandler {
  readonly #bus: PciBus;

  constructor(bus: PciBus) {
    this.#bus = bus;
  }

  read(offset: number, width: AccessWidth): number {
    return this.#bus.read(offset >>> FUNCTION_SHIFT, offset & REGISTER_MASK, width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.#bus.write(offset >>> FUNCTION_SHIFT, offset & REGISTER_MASK, width, value);
  }
}
