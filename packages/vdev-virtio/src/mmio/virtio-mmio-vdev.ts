import type { OptionSpec, VdevFactory } from '@qvm/core/vdev';
import type { VirtioDeviceType } from '../device/virtio-device.js';
import { MMIO_SIZE, VirtioMmio } from './virtio-mmio.js';

/** The transports of QEMU's `virt` board: 32 from 0x0a000000 on, INTID 48 up (SPI 16 up). */
const FIRST_BASE = 0x0a00_0000;
const FIRST_INTERRUPT = 48;
const TRANSPORTS = 32;

const packed: OptionSpec = {
  name: 'packed',
  kind: 'boolean',
  description: 'Offer packed rings (RING_PACKED); drivers that know them then use them',
  default: 'false',
};

/**
 * The vdev type of a VirtIO device type, over MMIO. Without `base` and `irq`, an instance gets the first free one of
 * the 32 places that QEMU's `virt` board has.
 *
 * @experimental
 */
export function virtioMmioVdev(type: VirtioDeviceType): VdevFactory {
  return {
    type: type.type,
    description: type.description,
    options: [...type.options, packed],
    resources: () => ({
      mmio: [{ name: 'registers', size: MMIO_SIZE, defaultBase: FIRST_BASE }],
      interrupts: [{ name: 'virtio', defaultNumber: FIRST_INTERRUPT }],
      slots: { count: TRANSPORTS, addressStride: MMIO_SIZE, interruptStride: 1 },
    }),
    ...(type.files === undefined ? {} : { files: (options) => type.files?.(options) ?? [] }),
    create: (context, options) => new VirtioMmio(context, type, options),
  };
}
