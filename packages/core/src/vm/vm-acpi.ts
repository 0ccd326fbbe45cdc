import type { AcpiContext, AcpiPart } from '../acpi/acpi-part.js';
import type { VdevInstance } from './vdev-instance.js';

/** The parts that all vdevs contribute to ACPI tables, in order of creation. */
export function vdevAcpi(vdevs: readonly VdevInstance[], context: AcpiContext): readonly AcpiPart[] {
  return vdevs.flatMap((instance) => instance.run('acpi', (vdev) => vdev.acpi?.(context) ?? []));
}
