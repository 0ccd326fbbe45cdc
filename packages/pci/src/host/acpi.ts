import type { AcpiContext, AcpiPart, AcpiResource } from '@qvm/core/vdev';
import type { PciHostDescription, PciHostWindow } from './layout.js';

/** Host bridge of PCI Express, also as one of PCI, for systems that do not know the former. */
const EXPRESS_HOST = 'PNP0A08';
const CONVENTIONAL_HOST = 'PNP0A03';
/** Resources of the board. Systems use the configuration window only if some device has it (PCI Firmware 3.3, 4.1.2). */
const BOARD_RESOURCES = 'PNP0C02';

/** The parts of ACPI tables that describe a host bridge: the place of configuration spaces, `_CRS` and `_PRT`. */
export function hostAcpi(host: PciHostDescription, context: AcpiContext): readonly AcpiPart[] {
  const { ecam } = host;
  const window: AcpiResource = { kind: 'memory', base: ecam.base, size: ecam.size };
  return [
    { kind: 'pci-segment', base: ecam.base, segment: 0, firstBus: ecam.firstBus, lastBus: ecam.lastBus },
    {
      kind: 'device',
      device: {
        name: context.deviceName('PCI'),
        values: {
          _HID: { eisaId: EXPRESS_HOST },
          _CID: { eisaId: CONVENTIONAL_HOST },
          _UID: context.uid(EXPRESS_HOST),
          _SEG: 0,
          _BBN: ecam.firstBus,
          _CRS: { resources: resourcesOf(host) },
          _PRT: host.interrupts.map(({ slot, pin, interrupt }) => [slot * 0x1_0000 + 0xffff, pin - 1, 0, interrupt]),
        },
      },
    },
    {
      kind: 'device',
      device: {
        name: context.deviceName('BRD'),
        values: {
          _HID: { eisaId: BOARD_RESOURCES },
          _UID: context.uid(BOARD_RESOURCES),
          _CRS: { resources: [window] },
        },
      },
    },
  ];
}

function resourcesOf({ ecam, configPorts, windows }: PciHostDescription): readonly AcpiResource[] {
  return [
    { kind: 'bus-window', first: ecam.firstBus, last: ecam.lastBus },
    ...(configPorts === undefined ? [] : [{ kind: 'io', base: configPorts.base, size: configPorts.size } as const]),
    ...windows.map(windowOf),
  ];
}

function windowOf({ kind, base, size }: PciHostWindow): AcpiResource {
  return { kind: kind === 'io' ? 'io-window' : 'memory-window', base, size };
}
