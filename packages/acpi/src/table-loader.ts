import type { FirmwareFile } from '@qvm/core/services';
import { ascii } from './bytes.js';
import { RSDP_CHECKSUMS, type AcpiTables, type Link } from './acpi-tables.js';

const TABLES = 'etc/acpi/tables';
const RSDP = 'etc/acpi/rsdp';
const SCRIPT = 'etc/table-loader';

// Commands of QEMU's linker and loader (QEMU, hw/acpi/bios-linker-loader.c): 128 bytes each, little-endian.
const ENTRY_BYTES = 128;
const NAME_BYTES = 56;
const Command = { allocate: 1, addPointer: 2, addChecksum: 3 } as const;
/** Where firmware puts a file: anywhere below 4 GiB, or in the area below 1 MiB where the RSDP is looked for. */
const Zone = { high: 1, bios: 2 } as const;
const RSDP_ALIGNMENT = 16;

/**
 * The tables as files of the firmware configuration device, with the script by which firmware places them: it
 * allocates memory, makes the pointers addresses, and then the checksums.
 *
 * @experimental
 */
export function acpiLoaderFiles(tables: AcpiTables): readonly FirmwareFile[] {
  const { bytes, rsdp, links, rsdpLinks, checked, alignment } = tables;
  const script = [
    allocate(TABLES, alignment, Zone.high),
    allocate(RSDP, RSDP_ALIGNMENT, Zone.bios),
    ...links.map((link) => addPointer(TABLES, link)),
    ...rsdpLinks.map((link) => addPointer(RSDP, link)),
    ...checked.map(({ checksum, start, length }) => addChecksum(TABLES, checksum, start, length)),
    ...RSDP_CHECKSUMS.map(({ offset, bytes: length }) => addChecksum(RSDP, offset, 0, length)),
  ];
  return [
    { name: TABLES, bytes: withOffsets(bytes, links) },
    { name: RSDP, bytes: withOffsets(rsdp, rsdpLinks) },
    { name: SCRIPT, bytes: Uint8Array.from(script.flatMap((entry) => [...entry])) },
  ];
}

/** Pointers are offsets in the file of the tables at first. */
function withOffsets(bytes: Uint8Array, links: readonly Link[]): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const { offset, target } of links) view.setUint32(offset, target, true);
  return copy;
}

function allocate(file: string, alignment: number, zone: number): Uint8Array {
  return entry(Command.allocate, (view) => {
    putName(view, 4, file);
    view.setUint32(4 + NAME_BYTES, alignment, true);
    view.setUint8(8 + NAME_BYTES, zone);
  });
}

/** Adds the address of the tables to a pointer in a file. */
function addPointer(file: string, { offset, size }: Link): Uint8Array {
  return entry(Command.addPointer, (view) => {
    putName(view, 4, file);
    putName(view, 4 + NAME_BYTES, TABLES);
    view.setUint32(4 + 2 * NAME_BYTES, offset, true);
    view.setUint8(8 + 2 * NAME_BYTES, size);
  });
}

function addChecksum(file: string, offset: number, start: number, length: number): Uint8Array {
  return entry(Command.addChecksum, (view) => {
    putName(view, 4, file);
    [offset, start, length].forEach((value, index) => view.setUint32(4 + NAME_BYTES + index * 4, value, true));
  });
}

function entry(command: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, command, true);
  fill(view);
  return bytes;
}

function putName(view: DataView, offset: number, name: string): void {
  ascii(name).forEach((byte, index) => view.setUint8(offset + index, byte));
}
