import type { VdevFactory } from '@qvm/core/vdev';
import { LocalApics } from './device.js';
import { APIC_PAGE } from './local-apic.js';

/**
 * The local APICs of an x86_64 machine: their page of registers, their saved state and their status. They take the
 * message interrupts of vdevs. Needs the attachments `APIC_BUS`, which the machine provides, and
 * `@qvm/core/InterruptWiring`.
 *
 * @experimental
 */
export const apic: VdevFactory = {
  type: 'apic',
  architecture: 'x86_64',
  description: 'Local APIC, one for each vCPU',
  options: {},
  resources: () => ({ mmio: [{ name: 'registers', size: APIC_PAGE }], role: 'local-apic' }),
  create: (context) => new LocalApics(context),
};
