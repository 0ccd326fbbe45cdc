import { dsdt } from './dsdt.js';
import { fadt } from './fadt.js';
import { madt } from './madt.js';
import type { AcpiPlatform } from './platform.js';
import { facs, hpet, mcfg } from './small-tables.js';
import { ascii, little } from './bytes.js';
import { checksum, CHECKSUM_OFFSET, HEADER_BYTES, makeTable, OEM_ID } from './table.js';
import type { AcpiTable } from './table.js';

/** The FACS must be at a multiple of 64; the others get the same. */
const ALIGNMENT = 64;
/** ACPI 6.5, section 5.2.5.3. */
const RSDP_BYTES = 36;
const RSDP_REVISION = 2;
/** The checksum of the first revision's 20 bytes, and that of all. */
export const RSDP_CHECKSUMS = [
  { offset: 8, bytes: 20 },
  { offset: 32, bytes: RSDP_BYTES },
] as const;
const Rsdp = { rsdt: 16, xsdt: 24 } as const;

/** A pointer in the tables or the RSDP, before it is an address. */
export interface Link {
  /** Offset of the field. */
  readonly offset: number;
  readonly size: 4 | 8;
  /** Offset of what it points to, in the tables. */
  readonly target: number;
}

/** Bytes whose sum must be zero. */
interface Checked {
  readonly start: number;
  readonly length: number;
  /** Offset of the byte that makes it so. */
  readonly checksum: number;
}

/**
 * ACPI tables without addresses: what a boot loader puts into memory with {@link placeAcpiTables}.
 *
 * @experimental
 */
export interface AcpiTables {
  /** All tables but the RSDP. Pointers and checksums are zero. */
  readonly bytes: Uint8Array;
  /** The root system description pointer. */
  readonly rsdp: Uint8Array;
  /** Alignment in bytes of the tables' address. */
  readonly alignment: number;
  /** Pointers in the tables. */
  readonly links: readonly Link[];
  /** Pointers in the RSDP. */
  readonly rsdpLinks: readonly Link[];
  /** Checksums in the tables. */
  readonly checked: readonly Checked[];
}

/**
 * Makes the tables of a machine: FACS, DSDT, FADT, MADT, and MCFG and HPET where vdevs have them, RSDT, XSDT, RSDP.
 *
 * @throws `QvmError` `acpi.invalid` when a part cannot be described.
 * @experimental
 */
export function buildAcpiTables(platform: AcpiPlatform): AcpiTables {
  const described = [fadt(platform), madt(platform), ...mcfg(platform), ...hpet(platform)];
  const signatures = described.map(({ signature }) => signature);
  const roots = [rootTable('RSDT', 4, signatures), rootTable('XSDT', 8, signatures)];
  const tables = [facs(), dsdt(platform), ...described, ...roots];
  const places = new Map<string, number>();
  let size = 0;
  for (const { signature, bytes } of tables) {
    places.set(signature, size);
    size = Math.ceil((size + bytes.length) / ALIGNMENT) * ALIGNMENT;
  }
  const all = new Uint8Array(size);
  const place = (signature: string): number => places.get(signature) as number;
  for (const { signature, bytes } of tables) all.set(bytes, place(signature));
  return {
    bytes: all,
    rsdp: rsdpBytes(),
    alignment: ALIGNMENT,
    links: tables.flatMap(({ signature, pointers }) =>
      pointers.map(({ offset, size: width, target }) => ({
        offset: place(signature) + offset,
        size: width,
        target: place(target),
      })),
    ),
    rsdpLinks: [
      { offset: Rsdp.rsdt, size: 4, target: place('RSDT') },
      { offset: Rsdp.xsdt, size: 8, target: place('XSDT') },
    ],
    checked: tables
      .filter(({ checked }) => checked)
      .map(({ signature, bytes }) => ({
        start: place(signature),
        length: bytes.length,
        checksum: place(signature) + CHECKSUM_OFFSET,
      })),
  };
}

/** The table of all tables but FACS and DSDT, to which the FADT points. */
function rootTable(signature: 'RSDT' | 'XSDT', size: 4 | 8, targets: readonly string[]): AcpiTable {
  const pointers = targets.map((target, index) => ({ offset: HEADER_BYTES + index * size, size, target }));
  return makeTable(signature, 1, little(0, targets.length * size), pointers);
}

function rsdpBytes(): Uint8Array {
  const bytes = new Uint8Array(RSDP_BYTES);
  bytes.set([...ascii('RSD PTR '), 0, ...ascii(OEM_ID), RSDP_REVISION]);
  new DataView(bytes.buffer).setUint32(20, RSDP_BYTES, true);
  return bytes;
}

/** ACPI tables with their addresses, ready to be copied into memory. @experimental */
export interface PlacedAcpiTables {
  /** The tables, for the address that they were placed at. */
  readonly tables: Uint8Array;
  /** The RSDP, for any multiple of 16. */
  readonly rsdp: Uint8Array;
}

/**
 * Gives the tables an address.
 *
 * @param address - guest-physical address, a multiple of the tables' alignment, so low that all of them are below 4 GiB.
 * @experimental
 */
export function placeAcpiTables(tables: AcpiTables, address: number): PlacedAcpiTables {
  if (address % tables.alignment !== 0 || address < 0 || address + tables.bytes.length > 2 ** 32)
    throw new RangeError(`ACPI tables cannot be at 0x${address.toString(16)}.`);
  const [placed, rsdp] = [tables.bytes.slice(), tables.rsdp.slice()];
  link(placed, tables.links, address);
  for (const { start, length, checksum: at } of tables.checked)
    placed[at] = checksum(placed.subarray(start, start + length));
  link(rsdp, tables.rsdpLinks, address);
  for (const { offset, bytes } of RSDP_CHECKSUMS) rsdp[offset] = checksum(rsdp.subarray(0, bytes));
  return { tables: placed, rsdp };
}

function link(bytes: Uint8Array, links: readonly Link[], address: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { offset, size, target } of links) {
    if (size === 4) view.setUint32(offset, address + target, true);
    else view.setBigUint64(offset, BigInt(address + target), true);
  }
}
