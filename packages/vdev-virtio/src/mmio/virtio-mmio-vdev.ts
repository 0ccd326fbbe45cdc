import { defineOptions, option, type OptionDeclarations } from '@qvm/core/options';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import type { VirtioDeviceType } from '../device/virtio-device.js';
import { MMIO_SIZE, VirtioMmio } from './virtio-mmio.js';

const TRANSPORT_OPTIONS = defineOptions({
  packed: option.boolean({
    description: 'Offer packed rings (RING_PACKED); drivers that know them then use them',
    default: false,
  }),
});

/**
 * The vdev type of a VirtIO device type, over MMIO. Without `base` and `irq`, an instance gets the first free one
 * of the places that the board has for them.
 *
 * @experimental
 */
export function virtioMmioVdev<const D extends OptionDeclarations>(
  type: VirtioDeviceType<D>,
): VdevFactory<D & typeof TRANSPORT_OPTIONS> {
  return defineVdev<D & typeof TRANSPORT_OPTIONS>({
    type: type.type,
    description: type.description,
    options: { ...type.options, ...TRANSPORT_OPTIONS },
    resources: () => ({
      mmio: [{ name: 'registers', size: MMIO_SIZE }],
      interrupts: [{ name: 'virtio' }],
      role: 'virtio-mmio',
    }),
    ...(type.check === undefined ? {} : { check: (options) => type.check?.(options) ?? [] }),
    ...(type.files === undefined ? {} : { files: (options) => type.files?.(options) ?? [] }),
    create: (context, options) => new VirtioMmio(context, type, options, options.packed === true),
  });
}
