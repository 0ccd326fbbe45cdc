import type { VdevFactory } from '@qvm/core/vdev';
import { GenericTimer } from './device.js';

/**
 * Arm generic timer: a 62.5 MHz counter, and for each vCPU a physical timer on INTID 30 and a virtual one on INTID 27.
 * Needs the attachment AARCH64_CPUS.
 *
 * @experimental
 */
export const timer: VdevFactory = {
  type: 'timer',
  architecture: 'aarch64',
  description: 'Arm generic timer, one for each vCPU',
  options: {},
  resources: () => ({}),
  create: (context) => new GenericTimer(context),
};
