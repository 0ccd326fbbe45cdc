import { pc as board } from '@qvm/boards';
import type { AcpiPart } from '@qvm/core/vdev';
import type { VdevFactory } from '@qvm/core/vdev';
import { CONFIG_PORT_REMAINDER, PCI_BUS } from '@qvm/pci';
import { createVdev, FakeInterruptLine } from '@qvm/testing';
import type { FakeVdevContext } from '@qvm/testing';
import { acpiPm } from './acpi-pm/type.js';
import { hpet } from './hpet/type.js';
import { pit } from './pit/type.js';
import { fakeAcpiContext } from './ports/acpi-context.test.helper.js';
import { ps2 } from './ps2/type.js';
import { rtc } from './rtc/type.js';
import { ser8250 } from './ser8250/type.js';
import { LegacyInterrupt, RTC_INTERRUPT } from './time/legacy-interrupt.js';

function partsOf(
  factory: VdevFactory,
  prepare: (context: FakeVdevContext) => void = () => undefined,
): readonly AcpiPart[] {
  return createVdev(factory, { context: { board }, prepare }).vdev.acpi?.(fakeAcpiContext()) ?? [];
}

const io = (base: number, size: number): object => ({ kind: 'io', base, size });
const interrupt = (number: number): object => ({ kind: 'interrupt', number, trigger: 'edge' });
const device = (name: string, id: string, ...resources: readonly object[]): object => ({
  kind: 'device',
  device: { name, values: { _HID: { eisaId: id }, _UID: 0, _CRS: { resources } } },
});

describe('in the ACPI tables of a PC', () => {
  it.each([
    ['ser8250', ser8250, [device('COM0', 'PNP0501', io(0x3f8, 8), interrupt(4))]],
    ['pit', pit, [device('TIM0', 'PNP0100', io(0x40, 4), io(0x61, 1), interrupt(0))]],
    ['rtc', rtc, [device('RTC0', 'PNP0B00', io(0x70, 2), interrupt(8))]],
    [
      'ps2',
      ps2,
      [device('KBD0', 'PNP0303', io(0x60, 1), io(0x64, 1), interrupt(1)), device('MOU0', 'PNP0F13', interrupt(12))],
    ],
    [
      'hpet',
      hpet,
      [
        { kind: 'hpet', address: 0xfed0_0000, id: 0x8086_2201, minimumTick: 100 },
        device('HPE0', 'PNP0103', { kind: 'memory', base: 0xfed0_0000, size: 0x400 }),
      ],
    ],
  ] as readonly (readonly [string, VdevFactory, readonly object[]])[])('%s is a device', (_type, factory, parts) => {
    expect(partsOf(factory)).toEqual(parts);
  });

  it('acpi-pm is the fixed hardware, with the reset register and the century of other vdevs if they are there', () => {
    const plain = {
      kind: 'power-management',
      ...{ sci: 9, pm1Event: 0x600, pm1Control: 0x604, timer: 0x608, gpe0: { base: 0x620, size: 16 } },
      ...{ powerOff: 0, powerButton: true },
    };
    expect(partsOf(acpiPm)).toEqual([plain]);
    const all = partsOf(acpiPm, (context) => {
      context.attach(RTC_INTERRUPT, new LegacyInterrupt(new FakeInterruptLine(8)));
      for (const token of [CONFIG_PORT_REMAINDER, PCI_BUS]) context.attach<unknown>(token, {});
    });
    expect(all).toEqual([{ ...plain, reset: { port: 0xcf9, value: 6 }, century: 0x32 }]);
  });
});
