import type { VdevFactory } from '@qvm/core/vdev';
import { CONFIG_PORT_REMAINDER } from '@qvm/pci';
import { PcReset } from './device.js';

/**
 * The reset registers of PCs. Offers `CONFIG_PORT_REMAINDER`, for the host bridge of PCI.
 *
 * @experimental
 */
export const pcReset: VdevFactory = {
  type: 'pc-reset',
  description: 'Reset registers of PCs (ports 92h and CF9h)',
  options: {},
  resources: () => ({ ports: [{ name: 'control', size: 1 }] }),
  create: (context) => {
    const device = new PcReset(context);
    context.offer(CONFIG_PORT_REMAINDER, device.remainder);
    return device;
  },
};
