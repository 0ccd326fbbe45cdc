import { defineOptions, option } from '@qvm/core/options';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { Passthrough } from './device.js';

const OPTIONS = defineOptions({
  paddr: option.address({ required: true, description: 'Address of the device, on the host and in the guest' }),
  size: option.size({ required: true, min: 0x1000, description: 'Bytes of its range' }),
});
type PassthroughDeclarations = typeof OPTIONS;

/**
 * A device of the host, given to one VM: its registers and memory have the addresses that they have on the host; it
 * has its interrupt, and its DMA is restricted to the VM's memory.
 *
 * @experimental
 */
export const passthrough: VdevFactory<PassthroughDeclarations> = defineVdev({
  type: 'passthrough',
  description: 'A device of the host, for this VM alone',
  options: OPTIONS,
  resources: ({ paddr, size, irq }) => ({
    windows: [{ name: 'device', size, base: paddr }],
    interrupts: irq === undefined ? [] : [{ name: 'device' }],
  }),
  create: (context, { paddr, size, irq }) => new Passthrough(context, { paddr, size, interrupt: irq !== undefined }),
});
