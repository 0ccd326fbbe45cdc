import type { AcpiPart } from '@qvm/core/vdev';
import type { AcpiPlatform } from './platform.js';

const eisa = (eisaId: string) => ({ eisaId });

/** A serial port, as a vdev describes one. */
export const SERIAL_PORT: AcpiPart = {
  kind: 'device',
  device: {
    name: 'COM0',
    values: {
      _HID: eisa('PNP0501'),
      _UID: 0,
      _STA: 0xf,
      _CRS: {
        resources: [
          { kind: 'io', base: 0x3f8, size: 8 },
          { kind: 'interrupt', number: 4, trigger: 'edge' },
        ],
      },
    },
  },
};

/** A PCI host bridge with four interrupts for all devices of its bus. */
export const PCI_HOST: AcpiPart = {
  kind: 'device',
  device: {
    name: 'PCI0',
    values: {
      _HID: eisa('PNP0A08'),
      _CID: eisa('PNP0A03'),
      _UID: 0,
      _SEG: 0,
      _BBN: 0,
      _CRS: {
        resources: [
          { kind: 'bus-window', first: 0, last: 255 },
          { kind: 'io', base: 0xcf8, size: 8 },
          { kind: 'io-window', base: 0, size: 0xcf8 },
          { kind: 'io-window', base: 0xd00, size: 0xf300 },
          { kind: 'memory-window', base: 0xc000_0000, size: 0x2000_0000 },
          { kind: 'memory-window', base: 0x80_0000_0000, size: 0x10_0000_0000, prefetchable: true },
        ],
      },
      _PRT: Array.from({ length: 128 }, (_, index) => [
        (index >> 2) * 0x1_0000 + 0xffff,
        index % 4,
        0,
        16 + (index % 4),
      ]),
    },
    methods: [
      {
        name: '_OSC',
        arguments: 4,
        body: [
          {
            if: { operator: 'equal', of: [{ argument: 1 }, 1] },
            then: [{ return: { argument: 3 } }],
            else: [
              {
                store: {
                  operator: 'or',
                  of: [{ operator: 'dereference', of: [{ operator: 'index', of: [{ argument: 3 }, 0] }] }, 4],
                },
                to: { local: 0 },
              },
              { return: { local: 0 } },
            ],
          },
        ],
      },
    ],
  },
};

/** The rest of a PC. */
const PLATFORM_PARTS: readonly AcpiPart[] = [
  { kind: 'io-apic', id: 0, address: 0xfec0_0000, firstInterrupt: 0 },
  { kind: 'interrupt-override', isa: 0, interrupt: 2 },
  { kind: 'interrupt-override', isa: 9, interrupt: 9, trigger: 'level', polarity: 'high' },
  { kind: 'pci-segment', base: 0xb000_0000, segment: 0, firstBus: 0, lastBus: 255 },
  { kind: 'hpet', address: 0xfed0_0000, id: 0x8086_a201, minimumTick: 100 },
  {
    kind: 'power-management',
    sci: 9,
    pm1Event: 0x600,
    pm1Control: 0x604,
    timer: 0x608,
    gpe0: { base: 0x620, size: 16 },
    reset: { port: 0xcf9, value: 0x0f },
    powerOff: 5,
    powerButton: true,
    century: 0x32,
  },
  {
    kind: 'device',
    device: {
      name: 'RTC',
      values: { _HID: eisa('PNP0B00'), _CRS: { resources: [{ kind: 'io', base: 0x70, size: 2 }] } },
    },
    parent: '\\_SB.PCI0',
  },
  {
    kind: 'scope',
    path: '\\_GPE',
    scope: {
      regions: [
        {
          name: 'HPRT',
          space: 'io',
          base: 0xae00,
          size: 4,
          access: 8,
          fields: [{ bits: 3 }, { name: 'EVNT', bits: 5 }],
        },
      ],
      methods: [
        {
          name: '_E01',
          body: [
            {
              if: { path: 'EVNT' },
              then: [
                { notify: '\\_SB.PCI0', value: 0 },
                { store: 1, to: { path: 'EVNT' } },
              ],
            },
          ],
        },
      ],
    },
  },
];

/** A machine like a PC of 2009. */
export const PC: AcpiPlatform = {
  processors: [{ apicId: 0 }, { apicId: 1 }],
  localApicAddress: 0xfee0_0000,
  parts: [SERIAL_PORT, ...PLATFORM_PARTS, PCI_HOST],
};
