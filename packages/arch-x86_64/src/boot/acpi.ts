import { AcpiTableContext, buildAcpiTables } from '@qvm/acpi';
import type { AcpiProcessor, AcpiTables } from '@qvm/acpi';
import type { BootRequest } from '@qvm/core/architecture';
import type { AcpiPart } from '@qvm/core/vdev';
import { MemoryType } from './memory-map.js';
import type { MemoryMapEntry } from './memory-map.js';

const LOCAL_APIC = 0xfee0_0000;
const BUS_BYTES = 0x10_0000;

/**
 * The ACPI tables of a VM, and the parts of its vdevs in them.
 *
 * @throws `QvmError` `acpi.invalid`
 */
export function acpiTablesOf(
  { vdevAcpi }: BootRequest,
  processors: readonly AcpiProcessor[],
): { readonly tables: AcpiTables; readonly parts: readonly AcpiPart[] } {
  const parts = vdevAcpi?.(new AcpiTableContext()) ?? [];
  return { tables: buildAcpiTables({ processors, localApicAddress: LOCAL_APIC, parts }), parts };
}

/** Configuration spaces in memory: Linux uses them only where the memory map reserves them. */
export function configurationWindows(parts: readonly AcpiPart[]): readonly MemoryMapEntry[] {
  return parts.flatMap((part) => {
    if (part.kind !== 'pci-segment') return [];
    const { base, firstBus, lastBus } = part;
    const size = (lastBus - firstBus + 1) * BUS_BYTES;
    return [{ base: base + firstBus * BUS_BYTES, size, type: MemoryType.Reserved }];
  });
}
