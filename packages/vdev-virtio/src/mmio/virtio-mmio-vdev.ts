import { defineOptions, option, type OptionDeclarations, type OptionsOf } from '@qvm/core/options';
import { defineVdev, type OptionProblem, type VdevFactory } from '@qvm/core/vdev';
import type { VirtioDeviceType } from '../device/virtio-device.js';
import { MMIO_SIZE, VirtioMmio } from './virtio-mmio.js';

/** "QEMU", which drivers for its board expect. */
const VENDOR_QEMU = 0x554d_4551;

const TRANSPORT_OPTIONS = defineOptions({
  /** Packed rings (VirtIO 1.2, section 2.8). */
  packed: option.boolean({
    description: 'Offer packed rings (RING_PACKED); drivers that know them then use them',
    default: false,
  }),
  /** The legacy interface (VirtIO 1.2, section 4.2.4). */
  legacy: option.boolean({
    description: 'Version 1 of the registers and rings, for drivers from before VirtIO 1.0',
    default: false,
  }),
  /** The register VendorID (VirtIO 1.2, section 4.2.2). */
  vendor: option.number({
    description: 'Value of VendorID; the default, 0x554d4551, is the text "QEMU"',
    min: 0,
    max: 0xffff_ffff,
    default: VENDOR_QEMU,
  }),
});
type TransportDeclarations = typeof TRANSPORT_OPTIONS;
type TransportOptions = OptionsOf<TransportDeclarations>;

/** Legacy drivers support split rings only. */
function transportProblems({ packed, legacy }: TransportOptions): readonly OptionProblem[] {
  return packed && legacy ? [{ option: 'packed', message: 'a legacy device has no packed rings' }] : [];
}

/**
 * The vdev type for a VirtIO device type over MMIO. Without `base` and `irq`, an instance gets the first free one of
 * the board's places for VirtIO devices.
 *
 * @experimental
 */
export function virtioMmioVdev<const D extends OptionDeclarations>(
  type: VirtioDeviceType<D>,
): VdevFactory<D & TransportDeclarations> {
  return defineVdev<D & TransportDeclarations>({
    type: type.type,
    description: type.description,
    options: { ...type.options, ...TRANSPORT_OPTIONS },
    resources: () => ({
      mmio: [{ name: 'registers', size: MMIO_SIZE }],
      interrupts: [{ name: 'virtio' }],
      role: 'virtio-mmio',
    }),
    check: (options) => [...transportProblems(options), ...(type.check?.(options) ?? [])],
    ...(type.files === undefined ? {} : { files: (options) => type.files?.(options) ?? [] }),
    create: (context, options) => {
      const { packed, legacy, vendor }: TransportOptions = options;
      return new VirtioMmio(context, { type, options, packed, legacy }, vendor);
    },
  });
}
