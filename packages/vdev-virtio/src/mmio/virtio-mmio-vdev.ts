import type { OptionSpec, VdevFactory } from '@qvm/core/vdev';
import type { VirtioDeviceType } from '../device/virtio-device.js';
import { MMIO_SIZE, VirtioMmio } from './virtio-mmio.js';

const packed: OptionSpec = {
  name: 'packed',
  kind: 'boolean',
  description: 'Offer packed rings (RING_PACKED); drivers that know them then use them',
  default: 'false',
};

/**
 * The vdev type of a VirtIO device type, over MMIO. Without `base` and `irq`, an instance gets the first free one
 * of the places that the board has for them.
 *
 * @experimental
 */
export function virtioMmioVdev(type: VirtioDeviceType): VdevFactory {
  return {
    type: type.type,
    description: type.description,
    options: [...type.options, packed],
    resources: () => ({
      mmio: [{ name: 'registers', size: MMIO_SIZE }],
      interrupts: [{ name: 'virtio' }],
      role: 'virtio-mmio',
    }),
    ...(type.files === undefined ? {} : { files: (options) => type.files?.(options) ?? [] }),
    create: (context, options) => new VirtioMmio(context, type, options),
  };
}
