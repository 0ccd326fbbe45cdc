import { QvmError } from '@qvm/core';
import type { OptionValues, VdevFactory } from '@qvm/core/vdev';
import { Passthrough, type PassthroughOptions } from './device.js';

/**
 * A device of the host, given to one VM: its registers and memory at the address they have on the host, its interrupt, and
 * its DMA confined to the VM's memory.
 *
 * @experimental
 */
export const passthrough: VdevFactory = {
  type: 'passthrough',
  description: 'A device of the host, for this VM alone',
  options: [
    {
      name: 'paddr',
      kind: 'address',
      required: true,
      description: 'Address of the device, on the host and in the guest',
    },
    { name: 'size', kind: 'size', required: true, min: 0x1000, description: 'Bytes of its range' },
  ],
  resources: (options) => {
    const { paddr, size, interrupt } = read(options);
    return {
      windows: [{ name: 'device', size, base: paddr }],
      interrupts: interrupt ? [{ name: 'device' }] : [],
    };
  },
  create: (context, options) => new Passthrough(context, read(options)),
};

function read({ paddr, size, irq, intr }: OptionValues): PassthroughOptions {
  if (typeof paddr !== 'number' || typeof size !== 'number') {
    throw new QvmError('vdev.option', 'The vdev passthrough needs a paddr and a size.');
  }
  return { paddr, size, interrupt: irq !== undefined || intr !== undefined };
}
