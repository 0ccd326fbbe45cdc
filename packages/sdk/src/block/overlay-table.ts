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
  /** Where it belongs in the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The allocation table of an overlay in memory: which cluster of the disk is where. */
export class OverlayTable {
  readonly #layout: OverlayLayout;
  readonly #entries: Uint32Array;
  /** Sectors whose entries changed since they were last written. */
  #dirty = new Set<number>();
  /** Clusters of the file that nothing refers to, the next to take last. */
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

  /** Clusters of the disk that the file holds. */
  get allocated(): number {
    return this.#allocated;
  }

  get(cluster: number): number {
    return this.#entries[cluster] ?? ENTRY_BASE;
  }

  /** Where the cluster begins in the file; `undefined` when it is not there. */
  position(cluster: number): number | undefined {
    const entry = this.get(cluster);
    return isData(entry) ? this.positionOf(entry) : undefined;
  }

  positionOf(entry: number): number {
    return this.#layout.dataStart + (entry - 1) * this.#layout.clusterSize;
  }

  /**
   * A cluster of the file that is not in use.
   *
   * @throws QvmError `block.io` when the numbers are used up.
   */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#next >= ENTRY_ZERO) throw new QvmError('block.io', 'The overlay is full.');
    return this.#next++;
  }

  /** Puts back what was taken and not used. */
  putBack(entry: number): void {
    this.#free.push(entry);
  }

  /**
   * Changes an entry. What it referred to is not taken again before the overlay is next opened: the table in the file
   * still refers to it until the next flush, and operations may be going on there.
   */
  set(cluster: number, entry: number): void {
    this.#allocated += Number(isData(entry)) - Number(isData(this.get(cluster)));
    this.#entries[cluster] = entry;
    this.#dirty.add(Math.floor(cluster / ENTRIES_PER_SECTOR));
  }

  /** The sectors that changed, as they are now; they count as written from here on. */
  takeDirty(): readonly TableSector[] {
    const dirty = [...this.#dirty].sort((a, b) => a - b);
    this.#dirty = new Set();
    return dirty.map((number) => ({
      number,
      offset: TABLE_START + number * BLOCK_SECTOR,
      bytes: encodeTableSector(this.#entries, number),
    }));
  }

  /** Sectors whose writing failed. */
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

/** The unused ones below the last used one, the lowest last. */
function gaps(used: Uint32Array): number[] {
  const found: number[] = [];
  let expected = 1;
  for (const entry of used) {
    while (expected < entry && found.length < MAX_CLUSTERS) found.push(expected++);
    expected = entry + 1;
  }
  return found.reverse();
}
