import type { TraceEventId } from '../event.js';
import { Field, setUint53 } from '../record.js';
import type { TraceRing } from './ring.js';
import type { StringTable } from './string-table.js';

/** Writes records to a ring while it is enabled. */
export class RecordWriter {
  readonly view: DataView;
  /** Whether records are written; otherwise they are neither written nor counted as lost. */
  on = true;
  /** Time of the last record. */
  #time = 0;

  constructor(
    private readonly ring: TraceRing,
    readonly strings: StringTable,
  ) {
    this.view = ring.view;
  }

  /**
   * Claims a record and writes what all have in common. `name` and `detail` are numbers of strings. Records are in order of
   * time: one whose time was taken before that of the last record gets the last record's.
   *
   * @returns its offset, or −1 if it is lost or the writer is disabled.
   */
  begin(id: TraceEventId, vm: number, vcpu: number, time: number, name: number, detail: number): number {
    if (!this.on) return -1;
    const at = this.ring.claim();
    if (at < 0) return at;
    const { view } = this;
    if (time > this.#time) this.#time = time;
    setUint53(view, at + Field.time, this.#time);
    view.setUint8(at + Field.id, id);
    view.setUint8(at + Field.vcpu, vcpu);
    view.setUint16(at + Field.vm, vm, true);
    view.setUint16(at + Field.name, name, true);
    view.setUint16(at + Field.detail, detail, true);
    return at;
  }

  /** Writes the other fields, which are below 2^53, and commits the record. */
  finish(at: number, a: number, b: number, c: number, d: number): void {
    const { view } = this;
    setUint53(view, at + Field.a, a);
    view.setUint32(at + Field.b, b, true);
    setUint53(view, at + Field.c, c);
    setUint53(view, at + Field.d, d);
    this.commit();
  }

  commit(): void {
    this.ring.commit();
  }
}
