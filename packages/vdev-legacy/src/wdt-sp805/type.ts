import { defineOptions, option } from '@qvm/core/options';
import { defineVdev, type VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Sp805 } from './device.js';

/** Frequency on Arm's Versatile Express boards. */
const DEFAULT_FREQUENCY_HZ = 25_000_000;

const OPTIONS = defineOptions({
  action: option.enum(['terminate', 'dump,terminate', 'fiq'], {
    description:
      'Action at the second time-out: the VM ends with exit code 4, with a core dump if its configuration has one, or the second interrupt is raised',
    default: 'terminate',
  }),
  frequency: option.number({
    description: 'Rate of the counter, in Hz',
    default: DEFAULT_FREQUENCY_HZ,
    min: 1,
    max: 1_000_000_000,
  }),
});
type Sp805Declarations = typeof OPTIONS;

/**
 * Arm SP805 watchdog.
 *
 * @experimental
 */
export const wdtSp805: VdevFactory<Sp805Declarations> = defineVdev({
  type: 'wdt-sp805',
  description: 'Arm watchdog (SP805)',
  options: OPTIONS,
  resources: ({ action }) => ({
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE }],
    interrupts: [{ name: 'watchdog' }, ...(action === 'fiq' ? [{ name: 'bite' }] : [])],
    role: 'watchdog',
  }),
  create: (context, { action, frequency }) => new Sp805(context, frequency, action === 'fiq' ? 'fiq' : 'terminate'),
});

/**
 * The same type under a shorter name.
 *
 * @experimental
 */
export const sp805: VdevFactory<Sp805Declarations> = defineVdev({ ...wdtSp805, type: 'sp805' });
