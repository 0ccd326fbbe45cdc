import type { VdevFactory } from '@qvm/core/vdev';
import { LocalApics } from './device.js';
import { APIC_PAGE } from './local-apic.js';

/**
 * The local APICs of an x86_64 machine: their page of registers, their saved state and their status. Needs the
 * attachment `APIC_BUS`, which the machine provides.
 *
 * @experimental
 */
export const apic: VdevFactory = {
  type: 'apic',
  description: 'Local APIC, one for each vCPU',
  options: {},
  resources: () => ({ mmio: [{ name: 'registers', size: APIC_PAGE }], role: 'local-apic' }),
  create: (context) => new LocalApics(context),
};
