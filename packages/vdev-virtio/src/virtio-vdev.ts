import { defineOptions, option, type OptionDeclarations, type OptionsOf } from '@qvm/core/options';
import {
  defineVdev,
  type CommonVdevOptions,
  type OptionProblem,
  type VdevFactory,
  type VdevMachine,
  type VdevResources,
} from '@qvm/core/vdev';
import { QvmError } from '@qvm/core';
import { isPciFunction, PCI_OPTIONS, TRANSPORT_OPTION, transportProblems } from '@qvm/pci';
import type { VirtioDeviceType } from './device/virtio-device.js';
import { MMIO_SIZE, VirtioMmio } from './mmio/virtio-mmio.js';
import { VirtioPci } from './pci/virtio-pci.js';

/** "QEMU", which drivers for its board expect. */
const VENDOR_QEMU = 0x554d_4551;
/** Roles of places of a board, and of the vdev that has the bus. */
const MMIO_ROLE = 'virtio-mmio';
const PCI_ROLE = 'pci-host';

const TRANSPORT_OPTIONS = defineOptions({
  /** Packed rings (VirtIO 1.2, section 2.8). */
  packed: option.boolean({
    description: 'Offer packed rings (RING_PACKED); drivers that know them then use them',
    default: false,
  }),
  /** The bus that it is at. */
  transport: TRANSPORT_OPTION,
  ...PCI_OPTIONS,
  /** The legacy interface (VirtIO 1.2, section 4.2.4). */
  legacy: option.boolean({
    description: 'Over MMIO, version 1 of the registers and rings, for drivers from before VirtIO 1.0',
    default: false,
  }),
  /** The register VendorID (VirtIO 1.2, section 4.2.2). */
  vendor: option.number({
    description: 'Over MMIO, value of VendorID; the default, 0x554d4551, is the text "QEMU"',
    min: 0,
    max: 0xffff_ffff,
    default: VENDOR_QEMU,
  }),
});
type TransportDeclarations = typeof TRANSPORT_OPTIONS;
type TransportOptions = OptionsOf<TransportDeclarations>;
type CommonOptions = Pick<CommonVdevOptions, 'base'>;

/** Whether a device with these options is a PCI function. They are passed twice because they have two generic parts. */
function isOnBus(options: TransportOptions, { base }: CommonOptions, machine: VdevMachine | undefined): boolean {
  return isPciFunction({ ...options, base }, machine, MMIO_ROLE);
}

/** Legacy drivers support split rings only, and MMIO here. */
function busProblems(options: TransportOptions, { base }: CommonOptions): readonly OptionProblem[] {
  const { packed, legacy, transport, pci } = options;
  return [
    ...transportProblems({ ...options, base }),
    ...(packed && legacy ? [{ option: 'packed', message: 'a legacy device has no packed rings' }] : []),
    ...(legacy && (transport === 'pci' || pci !== undefined)
      ? [{ option: 'legacy', message: 'a device over PCI has no legacy interface' }]
      : []),
  ];
}

const MMIO_RESOURCES: VdevResources = {
  mmio: [{ name: 'registers', size: MMIO_SIZE }],
  interrupts: [{ name: 'virtio' }],
  role: MMIO_ROLE,
};
const PCI_RESOURCES: VdevResources = { requires: [PCI_ROLE] };

/**
 * The vdev type for a VirtIO device type. Over MMIO, an instance without `base` and `irq` gets the first free one of the
 * board's places for VirtIO devices; over PCI, one without `pci` the first free device of the bus.
 *
 * @experimental
 */
export function virtioVdev<const D extends OptionDeclarations>(
  type: VirtioDeviceType<D>,
): VdevFactory<D & TransportDeclarations> {
  return defineVdev<D & TransportDeclarations>({
    type: type.type,
    description: type.description,
    options: { ...type.options, ...TRANSPORT_OPTIONS },
    resources: (options, machine) => (isOnBus(options, options, machine) ? PCI_RESOURCES : MMIO_RESOURCES),
    check: (options) => [...busProblems(options, options), ...(type.check?.(options) ?? [])],
    ...(type.files === undefined ? {} : { files: (options) => type.files?.(options) ?? [] }),
    create: (context, options) => {
      const { packed, legacy, vendor, pci }: TransportOptions = options;
      const device = { type, options, packed, legacy };
      if (!isOnBus(options, options, context.machine)) return new VirtioMmio(context, device, vendor);
      if (legacy) {
        throw new QvmError('vdev.option', `The vdev ${context.name} is over PCI, where it has no legacy interface.`);
      }
      return new VirtioPci(context, device, pci);
    },
  });
}
