import { POWER_BUTTON } from '@qvm/core/services';
import type { VdevFactory } from '@qvm/core/vdev';
import { ACPI_PM_SIZE, AcpiPm } from './device.js';

/**
 * ACPI power management of PCs. Offers `POWER_BUTTON`.
 *
 * @experimental
 */
export const acpiPm: VdevFactory = {
  type: 'acpi-pm',
  description: 'ACPI power management of PCs, with the power button',
  options: {},
  resources: () => ({
    ports: [
      { name: 'registers', size: ACPI_PM_SIZE },
      { name: 'smi', size: 2 },
    ],
    interrupts: [{ name: 'sci' }],
  }),
  create: (context) => {
    const device = new AcpiPm(context);
    context.offer(POWER_BUTTON, device);
    return device;
  },
};
