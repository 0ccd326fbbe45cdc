import type { VdevFactory } from '@qvm/core/vdev';
import { Pic } from './device.js';

/**
 * The two 8259A interrupt controllers of a PC, with the edge/level control registers. Needs the attachments `APIC_BUS`
 * and `@qvm/core/InterruptWiring`.
 *
 * @experimental
 */
export const pic: VdevFactory = {
  type: 'pic',
  architecture: 'x86_64',
  description: 'Two 8259A interrupt controllers',
  options: {},
  resources: () => ({
    ports: [
      { name: 'master', size: 2 },
      { name: 'slave', size: 2 },
      { name: 'elcr', size: 2 },
    ],
    role: 'legacy-interrupt-controller',
  }),
  create: (context) => new Pic(context),
};
