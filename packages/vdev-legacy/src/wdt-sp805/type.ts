import type { OptionValues, VdevFactory } from '@qvm/core/vdev';
import { PRIMECELL_SIZE } from '../primecell.js';
import { Sp805 } from './device.js';
import type { Sp805Action } from './device.js';

/** Of Arm's Versatile Express boards. */
const DEFAULT_FREQUENCY_HZ = 25_000_000;

function actionOf(options: OptionValues): Sp805Action {
  return options.action === 'fiq' ? 'fiq' : 'terminate';
}

/**
 * Arm SP805 watchdog.
 *
 * @experimental
 */
export const wdtSp805: VdevFactory = {
  type: 'wdt-sp805',
  description: 'Arm watchdog (SP805)',
  options: [
    {
      name: 'action',
      kind: 'enum',
      values: ['terminate', 'dump,terminate', 'fiq'],
      description:
        'What happens at the second time-out: the VM ends with exit code 4, with a core dump where it is told to leave one, or its second interrupt rises',
      default: 'terminate',
    },
    {
      name: 'frequency',
      kind: 'number',
      description: 'Rate of the counter, in Hz',
      default: String(DEFAULT_FREQUENCY_HZ),
      min: 1,
      max: 1_000_000_000,
    },
  ],
  resources: (options) => ({
    mmio: [{ name: 'registers', size: PRIMECELL_SIZE }],
    interrupts: [{ name: 'watchdog' }, ...(actionOf(options) === 'fiq' ? [{ name: 'bite' }] : [])],
    role: 'watchdog',
  }),
  create: (context, options) => {
    const { frequency } = options;
    return new Sp805(context, typeof frequency === 'number' ? frequency : DEFAULT_FREQUENCY_HZ, actionOf(options));
  },
};

/**
 * The same under its shorter name.
 *
 * @experimental
 */
export const sp805: VdevFactory = { ...wdtSp805, type: 'sp805' };
