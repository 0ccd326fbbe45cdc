import type { DeviceTreeContext, DeviceTreeNode } from '@qvm/core/vdev';
import type { PciHostDescription, PciHostWindow } from './layout.js';

/** Space codes in the first cell of a PCI address (IEEE 1275, PCI bus binding, section 2.2.1.1). */
const SPACE: Readonly<Record<PciHostWindow['kind'], number>> = {
  io: 0x0100_0000,
  memory32: 0x0200_0000,
  memory64: 0x0300_0000,
};
/** Bits of the device number that decide on the line: pins rotate over four devices. */
const DEVICE_MASK = 3 << 11;
const PIN_MASK = 7;
const DISTINCT_DEVICES = 4;

/** The node of a host bridge with an ECAM window (binding `pci-host-ecam-generic`). Its ports are not in the tree. */
export function hostNode(host: PciHostDescription, context: DeviceTreeContext): DeviceTreeNode {
  const { ecam } = host;
  const windows = host.windows.filter(({ kind }) => kind !== 'io');
  return {
    name: `pcie@${ecam.base.toString(16)}`,
    properties: {
      compatible: 'pci-host-ecam-generic',
      device_type: 'pci',
      reg: { cells: context.reg(ecam.base, ecam.size) },
      '#address-cells': { cells: [3] },
      '#size-cells': { cells: [2] },
      'bus-range': { cells: [ecam.firstBus, ecam.lastBus] },
      'linux,pci-domain': { cells: [0] },
      'dma-coherent': true,
      ranges: { cells: windows.flatMap((window) => range(window, context)) },
      '#interrupt-cells': { cells: [1] },
      'interrupt-map-mask': { cells: [DEVICE_MASK, 0, 0, PIN_MASK] },
      'interrupt-map': { cells: interruptMap(host, context) },
    },
  };
}

/** Address on the bus, address of the processor, size. */
function range({ kind, base, size }: PciHostWindow, context: DeviceTreeContext): readonly number[] {
  const [high = 0, low = 0, ...bytes] = context.reg(base, size);
  return [SPACE[kind], high, low, high, low, ...bytes];
}

/** Unit address and pin; then the interrupt controller with its unit address of two cells, and the interrupt there. */
function interruptMap({ interrupts }: PciHostDescription, context: DeviceTreeContext): readonly number[] {
  return interrupts
    .filter(({ slot }) => slot < DISTINCT_DEVICES)
    .flatMap(({ slot, pin, interrupt }) => [
      ...[slot << 11, 0, 0, pin],
      ...[context.phandle('gic'), 0, 0],
      ...context.interruptCells(interrupt, 'level'),
    ]);
}
