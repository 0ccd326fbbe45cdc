import type { VdevFactory } from '@qvm/core/vdev';
import { PcReset } from './device.js';

/**
 * The reset registers of PCs.
 *
 * @experimental
 */
export const pcReset: VdevFactory = {
  type: 'pc-reset',
  description: 'Reset registers of PCs (ports 92h and CF9h)',
  options: {},
  resources: () => ({
    ports: [
      { name: 'control', size: 1 },
      { name: 'reset', size: 1 },
    ],
  }),
  create: (context) => new PcReset(context),
};
