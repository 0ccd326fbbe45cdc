import { buildAcpiTables, placeAcpiTables } from './acpi-tables.js';
import { PC } from './example.test.helper.js';
import { compile, disassemble } from './iasl.test.helper.js';
import type { AcpiPlatform } from './platform.js';

const ADDRESS = 0x7ff0_0000;
const EMPTY: AcpiPlatform = { processors: [{ apicId: 0 }], localApicAddress: 0xfee0_0000, parts: [] };
const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);
const sumOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum + byte, 0) % 256;

/** Follows the pointers from the RSDP, as an operating system does. */
function readTables(platform: AcpiPlatform, root: 'xsdt' | 'rsdt' = 'xsdt'): ReadonlyMap<string, Uint8Array> {
  const { tables, rsdp } = placeAcpiTables(buildAcpiTables(platform), ADDRESS);
  const pointers = new DataView(rsdp.buffer);
  expect([text(rsdp.subarray(0, 8)), sumOf(rsdp.subarray(0, 20)), sumOf(rsdp)]).toEqual(['RSD PTR ', 0, 0]);
  const at = (address: number): Uint8Array => {
    const offset = address - ADDRESS;
    const size = new DataView(tables.buffer).getUint32(offset + 4, true);
    expect(offset + size).toBeLessThanOrEqual(tables.length);
    return tables.slice(offset, offset + size);
  };
  const found = new Map<string, Uint8Array>();
  const add = (address: number): Uint8Array => {
    const table = at(address);
    found.set(text(table.subarray(0, 4)), table);
    return table;
  };
  const list = add(root === 'xsdt' ? Number(pointers.getBigUint64(24, true)) : pointers.getUint32(16, true));
  const entries = new DataView(list.buffer);
  for (let offset = 36; offset < list.length; offset += root === 'xsdt' ? 8 : 4)
    add(root === 'xsdt' ? Number(entries.getBigUint64(offset, true)) : entries.getUint32(offset, true));
  const fadt = new DataView((found.get('FACP') as Uint8Array).buffer);
  expect(Number(fadt.getBigUint64(140, true))).toBe(fadt.getUint32(40, true));
  add(fadt.getUint32(40, true));
  expect(fadt.getUint32(36, true) % 64).toBe(0);
  add(fadt.getUint32(36, true));
  return found;
}

const tableOf = (platform: AcpiPlatform, signature: string): Uint8Array =>
  readTables(platform).get(signature) as Uint8Array;

/** Lines of a disassembly with the offsets and bytes left out. */
const factsOf = (table: Uint8Array): readonly string[] =>
  disassemble(table)
    .split('\n')
    .map((line) => line.replace(/^\[[0-9A-Fh ]+\]\s*/, '').trim());

describe('buildAcpiTables', () => {
  it('makes tables that are found from the RSDP, all with the right checksum', () => {
    for (const root of ['xsdt', 'rsdt'] as const) {
      const tables = readTables(PC, root);
      expect([...tables.keys()]).toEqual([root.toUpperCase(), 'FACP', 'APIC', 'MCFG', 'HPET', 'DSDT', 'FACS']);
      for (const [signature, table] of tables) if (signature !== 'FACS') expect(sumOf(table)).toBe(0);
    }
  });

  it('makes tables that iasl compiles to the same bytes again', () => {
    // The compiler puts its own name and version into bytes 28 to 35 of the header, and so another checksum.
    const comparable = (table: Uint8Array): readonly number[] => [
      ...table.slice(0, 9),
      ...table.slice(10, 28),
      ...table.slice(36),
    ];
    for (const [signature, table] of readTables(PC)) {
      const again = compile(disassemble(table));
      expect([signature, comparable(again)]).toEqual([signature, comparable(table)]);
    }
  });

  it('describes processors and interrupt controllers', () => {
    const platform = { ...PC, processors: [{ apicId: 0 }, { apicId: 3 }, { apicId: 300 }] };
    const lines = factsOf(tableOf(platform, 'APIC'));
    const valuesOf = (name: string): readonly string[] =>
      lines.filter((line) => line.startsWith(`${name} :`)).map((line) => line.slice(name.length + 3));
    expect(valuesOf('Local Apic Address')).toEqual(['FEE00000']);
    expect(valuesOf('Local Apic ID')).toEqual(['00', '03']);
    expect(valuesOf('Processor x2Apic ID')).toEqual(['0000012C']);
    expect(valuesOf('Processor Enabled')).toEqual(['1', '1', '1']);
    expect(valuesOf('Address')).toEqual(['FEC00000']);
    expect(valuesOf('Source')).toEqual(['00', '09']);
    expect(valuesOf('Interrupt')).toEqual(['00000000', '00000002', '00000009']);
    // The overrides, then the inputs for NMIs, which conform to the bus.
    expect(valuesOf('Polarity')).toEqual(['1', '1', '0', '0']);
    expect(valuesOf('Trigger Mode')).toEqual(['1', '3', '0', '0']);
    expect(valuesOf('PC-AT Compatibility')).toEqual(['0']);
  });

  it('describes the fixed hardware of power management', () => {
    const lines = factsOf(tableOf(PC, 'FACP'));
    for (const line of [
      'SCI Interrupt : 0009',
      'PM1A Event Block Address : 00000600',
      'PM1A Control Block Address : 00000604',
      'PM Timer Block Address : 00000608',
      'GPE0 Block Address : 00000620',
      'GPE0 Block Length : 10',
      'RTC Century Index : 32',
      'Legacy Devices Supported (V2) : 1',
      '8042 Present on ports 60/64 (V2) : 0',
      'CMOS RTC Not Present (V5) : 0',
      'Control Method Power Button (V1) : 0',
      '32-bit PM Timer (V1) : 1',
      'Reset Register Supported (V2) : 1',
      'Hardware Reduced (V5) : 0',
      'Value to cause reset : 0F',
      'Address : 0000000000000CF9',
    ])
      expect(lines).toContain(line);
  });

  it('describes a machine without it as hardware-reduced, without the tables that no vdev needs', () => {
    const tables = readTables(EMPTY);
    expect([...tables.keys()]).toEqual(['XSDT', 'FACP', 'APIC', 'DSDT', 'FACS']);
    const lines = factsOf(tables.get('FACP') as Uint8Array);
    expect(lines).toContain('Hardware Reduced (V5) : 1');
    expect(lines).toContain('CMOS RTC Not Present (V5) : 1');
  });

  it('describes devices of a PC by their identifiers, also devices within others', () => {
    const device = (name: string, eisaId: string) => ({ name, values: { _HID: { eisaId } } });
    const parts = [
      { kind: 'device', device: { name: 'LPC', devices: [device('KBD', 'PNP0303'), device('PIC', 'PNP0000')] } },
    ] as const;
    expect(factsOf(tableOf({ ...EMPTY, parts }, 'FACP'))).toContain('8042 Present on ports 60/64 (V2) : 1');
    expect(factsOf(tableOf({ ...EMPTY, parts }, 'APIC'))).toContain('PC-AT Compatibility : 1');
  });

  it('describes PCI segments and the HPET', () => {
    const segments = factsOf(tableOf(PC, 'MCFG'));
    expect(segments).toEqual(expect.arrayContaining(['Base Address : 00000000B0000000', 'End Bus Number : FF']));
    const timer = factsOf(tableOf(PC, 'HPET'));
    for (const line of ['Hardware Block ID : 8086A201', 'Address : 00000000FED00000', 'Minimum Clock Ticks : 0064'])
      expect(timer).toContain(line);
  });

  it('refuses two parts of which there can be one, and a device in one that is not there', () => {
    const of = (kind: string) => PC.parts.filter((part) => part.kind === kind);
    const build = (parts: AcpiPlatform['parts']) => () => buildAcpiTables({ ...EMPTY, parts });
    const error = { code: 'acpi.invalid' };
    expect(build([...of('hpet'), ...of('hpet')])).toThrow(expect.objectContaining(error));
    expect(build([...of('power-management'), ...of('power-management')])).toThrow(expect.objectContaining(error));
    expect(build([{ kind: 'device', device: { name: 'RTC' }, parent: '\\_SB.PCI0' }])).toThrow(
      expect.objectContaining({ message: expect.stringContaining('which no vdev of the VM is') }),
    );
    const twice = { kind: 'device', device: { name: 'RTC' } } as const;
    expect(build([twice, twice])).toThrow(expect.objectContaining({ message: expect.stringContaining('RTC_') }));
  });
});

describe('placeAcpiTables', () => {
  it('takes an aligned address below 4 GiB only', () => {
    const tables = buildAcpiTables(EMPTY);
    for (const address of [1, 0xffff_ffc0, -64, 2 ** 32])
      expect(() => placeAcpiTables(tables, address)).toThrow(RangeError);
  });
});
