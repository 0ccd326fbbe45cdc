import { buildAcpiTables, placeAcpiTables } from './acpi-tables.js';
import { PC } from './example.test.helper.js';
import { acpiLoaderFiles } from './table-loader.js';

/* The script's format: QEMU, docs/specs and hw/acpi/bios-linker-loader.c. */

const ENTRY = 128;
const decoder = new TextDecoder();
const nameAt = (bytes: Uint8Array): string => decoder.decode(bytes.subarray(0, bytes.indexOf(0)));

/** Does as firmware does: gives each file memory at the addresses, and performs the commands in order. */
function execute(files: ReturnType<typeof acpiLoaderFiles>, addresses: ReadonlyMap<string, number>) {
  const contents = new Map(files.map(({ name, bytes }) => [name, bytes.slice()]));
  const script = contents.get('etc/table-loader') as Uint8Array;
  const placed = new Map<string, { readonly bytes: Uint8Array; readonly alignment: number; readonly zone: number }>();
  for (let at = 0; at < script.length; at += ENTRY) {
    const entry = script.subarray(at, at + ENTRY);
    const view = new DataView(entry.buffer, entry.byteOffset, ENTRY);
    const file = nameAt(entry.subarray(4, 60));
    const command = view.getUint32(0, true);
    if (command === 1) {
      const bytes = contents.get(file) as Uint8Array;
      placed.set(file, { bytes, alignment: view.getUint32(60, true), zone: view.getUint8(64) });
      continue;
    }
    const bytes = placed.get(file)?.bytes as Uint8Array;
    const target = new DataView(bytes.buffer);
    if (command === 2) {
      const [offset, size] = [view.getUint32(116, true), view.getUint8(120)];
      const address = addresses.get(nameAt(entry.subarray(60, 116))) as number;
      if (size === 4) target.setUint32(offset, target.getUint32(offset, true) + address, true);
      else target.setBigUint64(offset, target.getBigUint64(offset, true) + BigInt(address), true);
    } else {
      expect(command).toBe(3);
      const [offset, start, length] = [60, 64, 68].map((field) => view.getUint32(field, true)) as [
        number,
        number,
        number,
      ];
      const sum = bytes.subarray(start, start + length).reduce((total, byte) => total + byte, 0);
      bytes[offset] = (bytes[offset] as number) - sum;
    }
  }
  return placed;
}

it('leads firmware to the tables that a boot loader places', () => {
  const tables = buildAcpiTables(PC);
  const [address, rsdp] = [0x7ff_e000, 0xf_5a40];
  const placed = execute(
    acpiLoaderFiles(tables),
    new Map([
      ['etc/acpi/tables', address],
      ['etc/acpi/rsdp', rsdp],
    ]),
  );
  const expected = placeAcpiTables(tables, address);
  expect(placed.get('etc/acpi/tables')).toEqual({ bytes: expected.tables, alignment: 64, zone: 1 });
  expect(placed.get('etc/acpi/rsdp')).toEqual({ bytes: expected.rsdp, alignment: 16, zone: 2 });
});
