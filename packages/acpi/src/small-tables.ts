import { ascii, join, little } from './bytes.js';
import { invalid } from './invalid.js';
import { partsOf } from './platform.js';
import type { AcpiPlatform } from './platform.js';
import { AddressSpace, genericAddress, makeTable } from './table.js';
import type { AcpiTable } from './table.js';

const FACS_BYTES = 64;
const FACS_VERSION = 2;
const FACS_VERSION_OFFSET = 32;

/** The firmware ACPI control structure, with no waking vector (ACPI 6.5, section 5.2.10). */
export function facs(): AcpiTable {
  const bytes = new Uint8Array(FACS_BYTES);
  bytes.set([...ascii('FACS'), ...little(FACS_BYTES, 4)]);
  bytes[FACS_VERSION_OFFSET] = FACS_VERSION;
  return { signature: 'FACS', bytes, pointers: [], checked: false };
}

/** The place of the PCI buses' configuration space; none without such buses (PCI Firmware Specification 3.3, 4.1.2). */
export function mcfg(platform: AcpiPlatform): readonly AcpiTable[] {
  const segments = partsOf(platform, 'pci-segment');
  if (segments.length === 0) return [];
  const entries = segments.map(({ base, segment, firstBus, lastBus }) => [
    ...little(base, 8),
    ...little(segment, 2),
    firstBus,
    lastBus,
    ...little(0, 4),
  ]);
  return [makeTable('MCFG', 1, [...little(0, 8), ...join(entries)])];
}

/**
 * The high-precision event timer, if there is one (IA-PC HPET Specification 1.0a, section 3.2.4).
 *
 * @throws `QvmError` `acpi.invalid` when there are several.
 */
export function hpet(platform: AcpiPlatform): readonly AcpiTable[] {
  const [timer, other] = partsOf(platform, 'hpet');
  if (other) throw invalid('Two vdevs are the high-precision event timer.');
  if (!timer) return [];
  const { id, address, minimumTick } = timer;
  const block = genericAddress(AddressSpace.memory, 64, address);
  const [number, pageProtection] = [0, 0];
  return [makeTable('HPET', 1, [...little(id, 4), ...block, number, ...little(minimumTick, 2), pageProtection])];
}
