import type { VdevFactory } from '@qvm/core/vdev';
import { LegacyInterrupt, PIT_INTERRUPT } from '../time/legacy-interrupt.js';
import { Pit, PIT_COUNTERS } from './device.js';

/**
 * The timer of PCs: an 8254 and the system control port B.
 *
 * @experimental
 */
export const pit: VdevFactory = {
  type: 'pit',
  description: 'Interval timer of PCs (8254), with port 61h',
  options: {},
  resources: () => ({
    ports: [
      { name: 'counters', size: PIT_COUNTERS },
      { name: 'control', size: 1 },
    ],
    interrupts: [{ name: 'timer' }],
  }),
  create: (context) => {
    const interrupt = new LegacyInterrupt(context.interrupt('timer'));
    context.offer(PIT_INTERRUPT, interrupt);
    return new Pit(context, interrupt);
  },
};
