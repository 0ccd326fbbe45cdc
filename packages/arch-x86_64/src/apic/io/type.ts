import type { VdevFactory } from '@qvm/core/vdev';
import { IoApic } from './device.js';

const REGISTERS_SIZE = 0x1000;

/**
 * I/O APIC with 24 inputs. Needs the attachments `APIC_BUS` and `@qvm/core/InterruptWiring`.
 *
 * @experimental
 */
export const ioapic: VdevFactory = {
  type: 'ioapic',
  architecture: 'x86_64',
  description: 'I/O APIC with 24 inputs (82093AA)',
  options: {},
  resources: () => ({ mmio: [{ name: 'registers', size: REGISTERS_SIZE }], role: 'interrupt-controller' }),
  create: (context) => new IoApic(context),
};
