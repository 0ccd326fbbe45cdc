import type { VdevFactory } from '@qvm/core/vdev';
import { Hpet, HPET_SIZE } from './device.js';

/**
 * High-precision event timer of PCs. It takes over the interrupts of the `pit` and the `rtc` when a guest wants that, if
 * they were made before.
 *
 * @experimental
 */
export const hpet: VdevFactory = {
  type: 'hpet',
  description: 'High-precision event timer (HPET)',
  options: {},
  resources: () => ({
    mmio: [{ name: 'registers', size: HPET_SIZE }],
    interrupts: [{ name: 'timers' }],
  }),
  create: (context) => new Hpet(context),
};
