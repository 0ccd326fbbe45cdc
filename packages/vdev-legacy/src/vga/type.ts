import { defineOptions, option } from '@qvm/core/options';
import { DISPLAY } from '@qvm/core/services';
import { defineVdev, type OptionProblem, type VdevFactory, type VdevResources } from '@qvm/core/vdev';
import { PCI_OPTIONS } from '@qvm/pci';
import { DISPI_PORTS, DISPI_RANGE, FRAME_BUFFER, Vga, VGA_RANGE, WINDOW } from './device.js';
import { WINDOW_BYTES } from './planes.js';
import { VGA_PORTS } from './registers.js';

const MIB = 0x10_0000;
/** The window of a VGA, on machines with I/O ports. */
const WINDOW_ADDRESS = 0xa_0000;

const OPTIONS = defineOptions({
  memory: option.size({
    description: 'Bytes of the linear frame buffer, a power of two',
    default: 16 * MIB,
    min: MIB,
    max: 256 * MIB,
  }),
  ...PCI_OPTIONS,
});
type VgaDeclarations = typeof OPTIONS;

function resources(memory: number, isVga: boolean): VdevResources {
  const adapter = { memory: [{ name: FRAME_BUFFER, size: memory }], requires: ['pci-host'] };
  if (!isVga) return adapter;
  return {
    ...adapter,
    ports: [
      { name: VGA_RANGE, size: VGA_PORTS },
      { name: DISPI_RANGE, size: DISPI_PORTS },
    ],
    windows: [{ name: WINDOW, size: WINDOW_BYTES, base: WINDOW_ADDRESS, bus: true }],
  };
}

/**
 * A video adapter with a text mode and a linear frame buffer, which `DISPLAY` captures.
 *
 * @experimental
 */
export const vga: VdevFactory<VgaDeclarations> = defineVdev({
  type: 'vga',
  description: 'VGA with a linear frame buffer, as a PCI function',
  options: OPTIONS,
  check: ({ memory }): readonly OptionProblem[] =>
    Number.isInteger(Math.log2(memory)) ? [] : [{ option: 'memory', message: 'it is a power of two, such as 16M' }],
  resources: ({ memory }, machine) => resources(memory, machine?.ioPorts === true),
  create: (context, { pci }) => {
    const device = new Vga(context, { pci });
    context.offer(DISPLAY, device);
    return device;
  },
});
