import { ascii, little } from './bytes.js';
import type { Bytes } from './bytes.js';

/** Bytes of the header that all tables but the FACS have (ACPI 6.5, section 5.2.6). */
export const HEADER_BYTES = 36;
/** Offset of the checksum in it. */
export const CHECKSUM_OFFSET = 9;
/** Maker of the tables. */
export const OEM_ID = 'QVM   ';
const OEM_TABLE_ID = 'QVMBOARD';
const CREATOR_ID = 'QVM ';

/** A field of a table that holds the address of another one. */
export interface TablePointer {
  /** Offset of the field. */
  readonly offset: number;
  readonly size: 4 | 8;
  /** Signature of the other table. */
  readonly target: string;
}

/** A table before it has an address: pointers are zero, the checksum is too. */
export interface AcpiTable {
  readonly signature: string;
  readonly bytes: Uint8Array;
  readonly pointers: readonly TablePointer[];
  /** Whether the header has a checksum. */
  readonly checked: boolean;
}

/** A table with a header. */
export function makeTable(
  signature: string,
  revision: number,
  body: Bytes,
  pointers: readonly TablePointer[] = [],
): AcpiTable {
  const header = [
    ...ascii(signature),
    ...little(HEADER_BYTES + body.length, 4),
    revision,
    0,
    ...ascii(OEM_ID),
    ...ascii(OEM_TABLE_ID),
    ...little(1, 4),
    ...ascii(CREATOR_ID),
    ...little(1, 4),
  ];
  return { signature, bytes: Uint8Array.from([...header, ...body]), pointers, checked: true };
}

/** Address spaces of a generic address (section 5.2.3.2). */
export const AddressSpace = { memory: 0, io: 1 } as const;

/** A generic address structure; all zeros when the register does not exist. */
export function genericAddress(space: number, bits: number, address: number | undefined): Bytes {
  if (address === undefined) return little(0, 12);
  // Access sizes: 1 byte, 2 word, 3 double word, 4 quad word.
  const access = bits > 64 || bits % 8 !== 0 ? 0 : Math.min(4, Math.max(1, Math.log2(bits / 8) + 1));
  return [space, bits, 0, Number.isInteger(access) ? access : 0, ...little(address, 8)];
}

/** The value that makes the sum of all bytes zero, when it is added. */
export function checksum(bytes: Uint8Array): number {
  return (256 - (bytes.reduce((sum, byte) => sum + byte, 0) % 256)) % 256;
}
