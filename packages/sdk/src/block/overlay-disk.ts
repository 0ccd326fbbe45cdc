import { QvmError } from '@qvm/core';
import { BLOCK_SECTOR, perform, performSync } from '@qvm/core/services';
import type { BlockBackend, BlockOperations, BlockProcedure } from '@qvm/core/services';
import { Mutex } from './mutex.js';
import {
  damaged,
  decodeHeader,
  ENTRY_BASE,
  ENTRY_ZERO,
  HEADER_BYTES,
  layoutOf,
  TABLE_START,
  type OverlayHeader,
  type OverlayLayout,
} from './overlay-format.js';
import { OverlayTable } from './overlay-table.js';
import { Outstanding } from './outstanding.js';
import { requireRange } from './range.js';
import { gather, sliceViews, viewsLength } from './views.js';

/** A part of the disk that is contiguous in one file. */
interface Extent {
  readonly kind: 'base' | 'zero' | 'data';
  readonly cluster: number;
  /** Offset in the overlay file for `data`, otherwise in the disk. */
  readonly position: number;
  readonly length: number;
}

/**
 * A disk whose writes go to an overlay file; its base is only read. Only `flush` writes the file's table, after the
 * data that it refers to is on stable storage: whenever the host stops, the file has everything up to the last flush.
 */
export class OverlayDisk implements BlockBackend {
  readonly size: number;
  readonly discardUnit: number;
  readonly readOnly: boolean;
  readonly prompt: boolean;
  readonly sync: BlockOperations<void>;
  readonly #base: BlockBackend;
  readonly #file: BlockBackend;
  readonly #layout: OverlayLayout;
  readonly #table: OverlayTable;
  /** Serializes changes of the table, so that two writes to one new cluster do not allocate it twice. */
  readonly #changes = new Mutex();
  readonly #outstanding = new Outstanding();
  #closed: Promise<void> | undefined;

  /** @param table - the table of the file's current contents. */
  constructor(base: BlockBackend, file: BlockBackend, layout: OverlayLayout, table: OverlayTable) {
    this.#base = base;
    this.#file = file;
    this.#layout = layout;
    this.#table = table;
    this.size = layout.size;
    this.readOnly = file.readOnly;
    this.prompt = base.prompt === true && file.prompt === true;
    this.discardUnit = layout.clusterSize;
    this.sync = {
      read: (offset, into) => performSync(this.#reading(offset, into)),
      write: (offset, from) => performSync(this.#writing(offset, from)),
      flush: () => performSync(this.#flushing()),
      discard: (offset, length) => this.#discard(offset, length),
      writeZeroes: (offset, length) => performSync(this.#zeroing(offset, length)),
    };
  }

  read(offset: number, into: readonly Uint8Array[]): Promise<void> {
    return this.#outstanding.track(() => perform(this.#reading(offset, into)));
  }

  write(offset: number, from: readonly Uint8Array[]): Promise<void> {
    const writing = (): Promise<void> => perform(this.#writing(offset, from));
    return this.#isAllocated(offset, viewsLength(from)) ? this.#outstanding.track(writing) : this.#change(writing);
  }

  flush(): Promise<void> {
    return this.#change(() => perform(this.#flushing()));
  }

  discard(offset: number, length: number): Promise<void> {
    return this.#change(async () => this.#discard(offset, length));
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.#change(() => perform(this.#zeroing(offset, length)));
  }

  status(): Readonly<Record<string, number | string | boolean>> {
    const { clusterSize } = this.#layout;
    return { ...this.#base.status?.(), overlayClusterSize: clusterSize, overlayClusters: this.#table.allocated };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      if (!this.#outstanding.none) await this.#outstanding.wait();
      if (!this.readOnly) this.sync.flush();
    } finally {
      // Both are started before either is awaited: with nothing outstanding, they have ended on return.
      await Promise.all([this.#file.close(), this.#base.close()]);
    }
  }

  #change(work: () => Promise<void>): Promise<void> {
    return this.#outstanding.track(() => this.#changes.run(work));
  }

  *#reading(offset: number, into: readonly Uint8Array[]): BlockProcedure {
    const length = viewsLength(into);
    requireRange(this, offset, length);
    for (let done = 0; done < length;) {
      const extent = this.#extentAt(offset + done, length - done);
      const views = sliceViews(into, done, extent.length);
      done += extent.length;
      if (extent.kind === 'zero') for (const view of views) view.fill(0);
      else yield (on) => on(extent.kind === 'data' ? this.#file : this.#base).read(extent.position, views);
    }
  }

  *#writing(offset: number, from: readonly Uint8Array[]): BlockProcedure {
    const length = viewsLength(from);
    requireRange(this, offset, length);
    for (let done = 0; done < length;) {
      const extent = this.#extentAt(offset + done, length - done);
      if (extent.kind === 'data') {
        const views = sliceViews(from, done, extent.length);
        yield (on) => on(this.#file).write(extent.position, views);
        done += extent.length;
      } else {
        const part = Math.min(length - done, this.#clusterEnd(extent.cluster) - (offset + done));
        yield* this.#allocating(extent.cluster, offset + done, sliceViews(from, done, part));
        done += part;
      }
    }
  }

  /** Writes a whole cluster to a new place, with `views` at `offset` of the disk; then adds it to the disk. */
  *#allocating(cluster: number, offset: number, views: readonly Uint8Array[]): BlockProcedure {
    const { clusterSize } = this.#layout;
    const entry = this.#table.take();
    try {
      const whole = viewsLength(views) === clusterSize ? views : [yield* this.#merged(cluster, offset, views)];
      yield (on) => on(this.#file).write(this.#table.positionOf(entry), whole);
    } catch (error) {
      this.#table.putBack(entry);
      throw error;
    }
    this.#table.set(cluster, entry);
  }

  *#merged(cluster: number, offset: number, views: readonly Uint8Array[]): BlockProcedure<Uint8Array> {
    const start = cluster * this.#layout.clusterSize;
    const content = new Uint8Array(this.#layout.clusterSize);
    if (this.#table.get(cluster) === ENTRY_BASE) {
      const present = content.subarray(0, this.#clusterEnd(cluster) - start);
      yield (on) => on(this.#base).read(start, [present]);
    }
    gather(views, content, offset - start);
    return content;
  }

  *#flushing(): BlockProcedure {
    // A copy of the current table: later entries refer to data that the first flush may not include.
    const sectors = this.#table.takeDirty();
    try {
      yield (on) => on(this.#file).flush();
      if (sectors.length === 0) return;
      for (const { offset, bytes } of sectors) yield (on) => on(this.#file).write(offset, [bytes]);
      yield (on) => on(this.#file).flush();
    } catch (error) {
      this.#table.markDirty(sectors);
      throw error;
    }
  }

  /** Makes whole clusters read as zeros; leaves partial clusters unchanged. */
  #discard(offset: number, length: number): void {
    requireRange(this, offset, length);
    for (const { cluster, whole } of this.#parts(offset, length)) {
      if (whole) this.#table.set(cluster, ENTRY_ZERO);
    }
  }

  *#zeroing(offset: number, length: number): BlockProcedure {
    requireRange(this, offset, length);
    for (const { cluster, whole, start, end } of this.#parts(offset, length)) {
      if (whole) this.#table.set(cluster, ENTRY_ZERO);
      else if (this.#table.get(cluster) !== ENTRY_ZERO) yield* this.#writing(start, [new Uint8Array(end - start)]);
    }
  }

  /** The parts of a range, each in one cluster. */
  *#parts(
    offset: number,
    length: number,
  ): Generator<{ readonly cluster: number; readonly start: number; readonly end: number; readonly whole: boolean }> {
    const { clusterSize } = this.#layout;
    for (let start = offset; start < offset + length;) {
      const cluster = Math.floor(start / clusterSize);
      const end = Math.min(offset + length, this.#clusterEnd(cluster));
      yield { cluster, start, end, whole: start === cluster * clusterSize && end === this.#clusterEnd(cluster) };
      start = end;
    }
  }

  /** The contiguous piece at `offset`, at most `length` bytes. */
  #extentAt(offset: number, length: number): Extent {
    const { clusterSize } = this.#layout;
    const cluster = Math.floor(offset / clusterSize);
    const first = this.#table.get(cluster);
    const kind = kindOf(first);
    const end = Math.min(offset + length, this.size);
    const step = kind === 'data' ? 1 : 0;
    let next = cluster + 1;
    while (next * clusterSize < end && this.#table.get(next) === first + (next - cluster) * step) next++;
    const within = offset - cluster * clusterSize;
    const position = kind === 'data' ? this.#table.positionOf(first) + within : offset;
    return { kind, cluster, position, length: Math.min(end, next * clusterSize) - offset };
  }

  #isAllocated(offset: number, length: number): boolean {
    const { clusterSize } = this.#layout;
    for (let cluster = Math.floor(offset / clusterSize); cluster * clusterSize < offset + length; cluster++) {
      if (kindOf(this.#table.get(cluster)) !== 'data') return false;
    }
    return true;
  }

  /** The offset in the disk at which the cluster ends. */
  #clusterEnd(cluster: number): number {
    return Math.min(this.size, (cluster + 1) * this.#layout.clusterSize);
  }
}

/**
 * Opens the overlay in `file` over `base`.
 *
 * @param fileSize - current size of the file in bytes.
 * @throws QvmError `block.overlay` when it is not an overlay, is damaged, or belongs to another base.
 */
export function openOverlay(
  base: BlockBackend,
  fingerprint: number,
  file: BlockBackend,
  fileSize: number,
): OverlayDisk {
  if (fileSize < HEADER_BYTES) throw damaged('its length');
  const header = performSync(readingHeader(file));
  requireFitting(header, base.size, fingerprint);
  const layout = layoutOf(header);
  if (fileSize < TABLE_START + layout.tableSectors * BLOCK_SECTOR) throw damaged('its length');
  const sectors = performSync(readingTable(file, layout));
  return new OverlayDisk(base, file, layout, new OverlayTable(layout, sectors, fileSize));
}

function* readingHeader(file: BlockBackend): BlockProcedure<OverlayHeader> {
  const bytes = new Uint8Array(HEADER_BYTES);
  yield (on) => on(file).read(0, [bytes]);
  return decodeHeader(bytes);
}

function* readingTable(file: BlockBackend, { tableSectors }: OverlayLayout): BlockProcedure<Uint8Array> {
  const sectors = new Uint8Array(tableSectors * BLOCK_SECTOR);
  yield (on) => on(file).read(TABLE_START, [sectors]);
  return sectors;
}

function requireFitting(header: OverlayHeader, size: number, fingerprint: number): void {
  if (header.size !== size) {
    throw new QvmError('block.overlay', `It was made for a base of ${header.size} bytes; this one has ${size}.`);
  }
  if (header.fingerprint !== fingerprint) {
    throw new QvmError('block.overlay', 'Its base has changed since it was made, or it is that of another base.');
  }
}

function kindOf(entry: number): Extent['kind'] {
  if (entry === ENTRY_BASE) return 'base';
  return entry === ENTRY_ZERO ? 'zero' : 'data';
}
