import { QvmError } from '@qvm/core';
import { BLOCK_SECTOR } from '@qvm/core/services';
import {
  damaged,
  decodeTableSector,
  encodeTableSector,
  ENTRIES_PER_SECTOR,
  ENTRY_BASE,
  ENTRY_ZERO,
  MAX_CLUSTERS,
  TABLE_START,
  type OverlayLayout,
} from './overlay-format.js';

/** A sector of the table, ready to be written. */
export interface TableSector {
  readonly number: number;
  /** Its offset in the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The allocation table of an overlay in memory: maps clusters of the disk to clusters of the file. */
export class OverlayTable {
  readonly #layout: OverlayLayout;
  readonly #entries: Uint32Array;
  /** Sectors whose entries have changed since they were last written. */
  #dirty = new Set<number>();
  /** Unused clusters of the file; they are taken from the end. */
  readonly #free: number[];
  #next: number;
  #allocated: number;

  /**
   * @param sectors - all sectors of the table.
   * @param fileSize - bytes of the file.
   * @throws QvmError `block.overlay`.
   */
  constructor(layout: OverlayLayout, sectors: Uint8Array, fileSize: number) {
    this.#layout = layout;
    this.#entries = new Uint32Array(layout.clusters);
    for (let sector = 0; sector < layout.tableSectors; sector++) {
      decodeTableSector(sectors.subarray(sector * BLOCK_SECTOR, (sector + 1) * BLOCK_SECTOR), this.#entries, sector);
    }
    const used = usedClusters(this.#entries);
    requireSound(used, Math.max(0, Math.floor((fileSize - layout.dataStart) / layout.clusterSize)));
    this.#free = gaps(used);
    this.#next = (used.at(-1) ?? 0) + 1;
    this.#allocated = used.length;
  }

  /** Number of the disk's clusters that are in the file. */
  get allocated(): number {
    return this.#allocated;
  }

  get(cluster: number): number {
    return this.#entries[cluster] ?? ENTRY_BASE;
  }

  /** Offset of the cluster in the file; `undefined` if the file does not have it. */
  position(cluster: number): number | undefined {
    const entry = this.get(cluster);
    return isData(entry) ? this.positionOf(entry) : undefined;
  }

  positionOf(entry: number): number {
    return this.#layout.dataStart + (entry - 1) * this.#layout.clusterSize;
  }

  /**
   * Allocates an unused cluster of the file.
   *
   * @throws QvmError `block.io` when all cluster numbers are in use.
   */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#next >= ENTRY_ZERO) throw new QvmError('block.io', 'The overlay is full.');
    return this.#next++;
  }

  /** Frees a cluster that was allocated and not used. */
  putBack(entry: number): void {
    this.#free.push(entry);
  }

  /**
   * Changes an entry. The cluster that it referred to is not reused before the overlay is opened again: the table in
   * the file refers to it until the next flush, and operations on it may be outstanding.
   */
  set(cluster: number, entry: number): void {
    this.#allocated += Number(isData(entry)) - Number(isData(this.get(cluster)));
    this.#entries[cluster] = entry;
    this.#dirty.add(Math.floor(cluster / ENTRIES_PER_SECTOR));
  }

  /** The changed sectors with their current contents; they are then considered written. */
  takeDirty(): readonly TableSector[] {
    const dirty = [...this.#dirty].sort((a, b) => a - b);
    this.#dirty = new Set();
    return dirty.map((number) => ({
      number,
      offset: TABLE_START + number * BLOCK_SECTOR,
      bytes: encodeTableSector(this.#entries, number),
    }));
  }

  /** Marks sectors whose writing failed as changed. */
  markDirty(sectors: readonly TableSector[]): void {
    for (const { number } of sectors) this.#dirty.add(number);
  }
}

function isData(entry: number): boolean {
  return entry !== ENTRY_BASE && entry !== ENTRY_ZERO;
}

function usedClusters(entries: Uint32Array): Uint32Array {
  return entries.filter(isData).sort();
}

function requireSound(used: Uint32Array, present: number): void {
  if ((used.at(-1) ?? 0) > present) throw damaged('its length');
  if (used.some((entry, index) => entry === used[index - 1])) throw damaged('the table');
}

/** The unused clusters below the last used one, in descending order. */
function gaps(used: Uint32Array): number[] {
  const found: number[] = [];
  let expected = 1;
  for (const entry of used) {
    while (expected < entry && found.length < MAX_CLUSTERS) found.push(expected++);
    expected = entry + 1;
  }
  return found.reverse();
}
