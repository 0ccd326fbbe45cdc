import { QvmError } from '@qvm/core';
import { BLOCK_SECTOR } from '@qvm/core/services';
import { crc32c } from './crc32c.js';

/** The format of overlay files, described in docs/formats/overlay.md. All numbers are little-endian. */

/** "QVMOVL", followed by bytes that a transfer in text mode would damage. */
const MAGIC = Uint8Array.of(0x51, 0x56, 0x4d, 0x4f, 0x56, 0x4c, 0x0d, 0x1a);
const VERSION = 1;
const CHECKSUM_AT = BLOCK_SECTOR - 4;

export const HEADER_BYTES = BLOCK_SECTOR;
export const TABLE_START = 4096;
export const ENTRIES_PER_SECTOR = (BLOCK_SECTOR - 8) / 4;
/** Largest number of entries of a table; larger disks have larger clusters. */
export const MAX_CLUSTERS = 2 ** 22;
const MIN_CLUSTER_BITS = 16;
const MAX_CLUSTER_BITS = 26;

/** Entry of the table for a cluster of the base. */
export const ENTRY_BASE = 0;
/** Entry of the table for a cluster of zeros. Other entries are numbers of clusters in the file, from 1 on. */
export const ENTRY_ZERO = 0xffff_ffff;

/** Contents of an overlay's header. */
export interface OverlayHeader {
  /** Size of the disk in bytes. */
  readonly size: number;
  readonly clusterBits: number;
  /** {@link baseFingerprint} of the base. */
  readonly fingerprint: number;
}

/** Offsets and sizes of the parts of an overlay file. */
export interface OverlayLayout {
  readonly size: number;
  readonly clusterSize: number;
  readonly clusters: number;
  readonly tableSectors: number;
  /** Offset of cluster 1. */
  readonly dataStart: number;
}

/**
 * log2 of the smallest cluster size for a disk of this size.
 *
 * @throws QvmError `block.overlay` when the disk is too large.
 */
export function clusterBitsFor(size: number): number {
  for (let bits = MIN_CLUSTER_BITS; bits <= MAX_CLUSTER_BITS; bits++) {
    if (Math.ceil(size / 2 ** bits) <= MAX_CLUSTERS) return bits;
  }
  throw new QvmError('block.overlay', `A disk of ${size} bytes is too large for an overlay.`);
}

export function layoutOf({ size, clusterBits }: OverlayHeader): OverlayLayout {
  const clusterSize = 2 ** clusterBits;
  const clusters = Math.ceil(size / clusterSize);
  const tableSectors = Math.ceil(clusters / ENTRIES_PER_SECTOR);
  const tableEnd = TABLE_START + tableSectors * BLOCK_SECTOR;
  return { size, clusterSize, clusters, tableSectors, dataStart: Math.ceil(tableEnd / clusterSize) * clusterSize };
}

export function encodeHeader({ size, clusterBits, fingerprint }: OverlayHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, clusterBits, true);
  view.setBigUint64(16, BigInt(size), true);
  view.setUint32(24, fingerprint, true);
  return sealed(bytes);
}

/** @throws QvmError `block.overlay`. */
export function decodeHeader(bytes: Uint8Array): OverlayHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new QvmError('block.overlay', 'It is no overlay of qvm.');
  }
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    throw new QvmError('block.overlay', `It has version ${version} of the format; only version ${VERSION} is known.`);
  }
  if (!isSealed(bytes)) throw damaged('the header');
  const header = {
    clusterBits: view.getUint32(12, true),
    size: Number(view.getBigUint64(16, true)),
    fingerprint: view.getUint32(24, true),
  };
  requirePossible(header);
  return header;
}

/** Validates the values: the checksum does not protect against a header that was crafted. */
function requirePossible({ size, clusterBits }: OverlayHeader): void {
  const possible =
    Number.isSafeInteger(size) &&
    size > 0 &&
    size % BLOCK_SECTOR === 0 &&
    clusterBits >= MIN_CLUSTER_BITS &&
    clusterBits <= MAX_CLUSTER_BITS &&
    Math.ceil(size / 2 ** clusterBits) <= MAX_CLUSTERS;
  if (!possible) throw damaged('the header');
}

/**
 * The beginning of a new overlay, piece by piece: the header, and a table in which every cluster is that of the base.
 *
 * @throws QvmError `block.overlay` when a disk of `size` bytes is too large.
 */
export function* newOverlay(size: number, fingerprint: number): Generator<Uint8Array> {
  const header = { size, fingerprint, clusterBits: clusterBitsFor(size) };
  const start = new Uint8Array(TABLE_START);
  start.set(encodeHeader(header));
  yield start;
  const empty = new Uint32Array(0);
  for (let sector = 0; sector < layoutOf(header).tableSectors; sector++) yield encodeTableSector(empty, sector);
}

/** Encodes one sector of the table. */
export function encodeTableSector(table: Uint32Array, sector: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK_SECTOR);
  const view = new DataView(bytes.buffer);
  const first = sector * ENTRIES_PER_SECTOR;
  table.subarray(first, first + ENTRIES_PER_SECTOR).forEach((entry, index) => view.setUint32(index * 4, entry, true));
  view.setUint32(CHECKSUM_AT - 4, sector, true);
  return sealed(bytes);
}

/**
 * Decodes one sector of the table into `table`.
 *
 * @throws QvmError `block.overlay`.
 */
export function decodeTableSector(bytes: Uint8Array, table: Uint32Array, sector: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isSealed(bytes) || view.getUint32(CHECKSUM_AT - 4, true) !== sector) {
    throw damaged(`sector ${sector} of the table`);
  }
  const first = sector * ENTRIES_PER_SECTOR;
  const count = Math.min(ENTRIES_PER_SECTOR, table.length - first);
  for (let index = 0; index < count; index++) table[first + index] = view.getUint32(index * 4, true);
}

export function damaged(what: string): QvmError {
  return new QvmError('block.overlay', `The overlay is damaged: ${what} is not what it must be.`);
}

function sealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(CHECKSUM_AT, crc32c(bytes.subarray(0, CHECKSUM_AT)), true);
  return bytes;
}

function isSealed(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(CHECKSUM_AT, true) === crc32c(bytes.subarray(0, CHECKSUM_AT));
}
