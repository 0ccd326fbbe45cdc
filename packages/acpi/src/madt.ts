import type { AcpiInterruptOverridePart } from '@qvm/core/vdev';
import { join, little } from './bytes.js';
import type { Bytes } from './bytes.js';
import { hasDevice, partsOf } from './platform.js';
import type { AcpiPlatform } from './platform.js';
import { makeTable } from './table.js';
import type { AcpiTable } from './table.js';

// ACPI 6.5, section 5.2.12.
const REVISION = 5;
const Entry = { localApic: 0, ioApic: 1, override: 2, localApicNmi: 4, localX2apic: 9, localX2apicNmi: 10 } as const;
const ENABLED = 1;
/** The machine has a pair of 8259 as well. */
const LEGACY_PICS = 1;
const FIRST_X2APIC_ID = 255;
const ALL_PROCESSORS = 0xff;
const ALL_X2APIC_PROCESSORS = 0xffff_ffff;
/** The input of a local APIC that NMIs arrive at (LINT1 on a PC). */
const NMI_INPUT = 1;
const POLARITY = { high: 1, low: 3 } as const;
const TRIGGER = { edge: 1 << 2, level: 3 << 2 } as const;

/** The table of interrupt controllers. */
export function madt(platform: AcpiPlatform): AcpiTable {
  const { processors, localApicAddress } = platform;
  const flags = hasDevice(platform, 'PNP0000') ? LEGACY_PICS : 0;
  const entries = [
    ...processors.map(({ apicId }, uid) => processor(apicId, uid)),
    ...partsOf(platform, 'io-apic').map(({ id, address, firstInterrupt }) =>
      entry(Entry.ioApic, [id, 0, ...little(address, 4), ...little(firstInterrupt, 4)]),
    ),
    ...partsOf(platform, 'interrupt-override').map(override),
    entry(Entry.localApicNmi, [ALL_PROCESSORS, 0, 0, NMI_INPUT]),
    ...(processors.some(({ apicId }) => apicId >= FIRST_X2APIC_ID)
      ? [entry(Entry.localX2apicNmi, [0, 0, ...little(ALL_X2APIC_PROCESSORS, 4), NMI_INPUT, 0, 0, 0])]
      : []),
  ];
  return makeTable('APIC', REVISION, [...little(localApicAddress, 4), ...little(flags, 4), ...join(entries)]);
}

const entry = (type: number, body: Bytes): Bytes => [type, body.length + 2, ...body];

function processor(apicId: number, uid: number): Bytes {
  if (apicId < FIRST_X2APIC_ID) return entry(Entry.localApic, [uid, apicId, ...little(ENABLED, 4)]);
  return entry(Entry.localX2apic, [0, 0, ...little(apicId, 4), ...little(ENABLED, 4), ...little(uid, 4)]);
}

function override({ isa, interrupt, trigger = 'edge', polarity = 'high' }: AcpiInterruptOverridePart): Bytes {
  const isaBus = 0;
  const flags = TRIGGER[trigger] | POLARITY[polarity];
  return entry(Entry.override, [isaBus, isa, ...little(interrupt, 4), ...little(flags, 2)]);
}
