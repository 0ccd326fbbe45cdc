import type { VdevFactory } from '@qvm/core/vdev';
import { LegacyInterrupt, RTC_INTERRUPT } from '../time/legacy-interrupt.js';
import { Rtc, RTC_PORTS } from './device.js';

/**
 * The real-time clock of PCs, with its memory (CMOS).
 *
 * @experimental
 */
export const rtc: VdevFactory = {
  type: 'rtc',
  description: 'Real-time clock of PCs with CMOS memory (MC146818)',
  options: {},
  resources: () => ({
    ports: [{ name: 'registers', size: RTC_PORTS }],
    interrupts: [{ name: 'rtc' }],
  }),
  create: (context) => {
    const interrupt = new LegacyInterrupt(context.interrupt('rtc'));
    context.offer(RTC_INTERRUPT, interrupt);
    return new Rtc(context, interrupt);
  },
};
