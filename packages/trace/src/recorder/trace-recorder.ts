import type { Disposable } from '@qvm/core';
import { RECORD_BYTES } from '../record.js';
import { recordsChunk, streamChunk, stringsChunk } from '../file/chunks.js';
import { encodeRecords } from '../file/record-encoder.js';
import { RecordWriter } from './record-writer.js';
import { TraceRing, type RingMode } from './ring.js';
import { StringTable } from './string-table.js';
import type { TraceableVm } from './traceable-vm.js';
import { VcpuRecorder } from './vcpu-recorder.js';
import { VmRecorder } from './vm-recorder.js';

/** Records of a ring, when nothing else is said: 6 MB. */
const DEFAULT_CAPACITY = 0x2_0000;

/** Records of one chunk at most: about 1 MB, and less than a reader refuses whatever is in them. */
const CHUNK_RECORDS = 100_000;

/**
 * Options of a recorder.
 *
 * @experimental
 */
export interface RecorderOptions {
  /** Number of the thread, as the physical CPU of its records: 0 to 65535. Each recorder of a trace has its own. Default 0. */
  readonly cpu?: number;
  /** Capacity of the ring in records: a power of two from 16 to 2^24. Default 131072. */
  readonly capacity?: number;
  /** Policy for a full ring. Default `stop`. */
  readonly mode?: RingMode;
  /** Memory of the ring, so that another thread can drain it; at least `ringBytes(capacity)`. */
  readonly memory?: ArrayBufferLike;
}

/**
 * Records the VMs of one thread in one ring, and returns the records as chunks of a trace file. While no VM is
 * attached, no hooks are tapped and there is no cost.
 *
 * @experimental
 */
export class TraceRecorder {
  /** Number of the thread in the trace. */
  readonly cpu: number;
  readonly #ring: TraceRing;
  readonly #strings = new StringTable();
  readonly #writer: RecordWriter;
  #announced = false;

  /** @throws QvmError `trace.capacity`. */
  constructor({ cpu = 0, capacity = DEFAULT_CAPACITY, mode = 'stop', memory }: RecorderOptions = {}) {
    this.cpu = cpu;
    this.#ring = new TraceRing(capacity, mode, memory);
    this.#writer = new RecordWriter(this.#ring, this.#strings);
  }

  /** Used share of the ring, 0 to 1. */
  get fill(): number {
    return this.#ring.used / this.#ring.capacity;
  }

  /** Starts recording a VM. Disposing of the result ends that. */
  attach(vm: TraceableVm): Disposable {
    const number = this.#strings.numberOf(vm.name);
    const taps = [
      ...new VmRecorder(this.#writer, number, vm.clock).attach(vm.hooks),
      ...vm.vcpus.flatMap(({ index, hooks }) => new VcpuRecorder(this.#writer, number, index).attach(hooks)),
    ];
    return { dispose: () => taps.forEach((tap) => tap.dispose()) };
  }

  /** Removes at most `most` records and returns them as chunks that follow a file's header. */
  drain(most?: number): readonly Uint8Array<ArrayBuffer>[] {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    if (!this.#announced) chunks.push(streamChunk(this.cpu, performance.timeOrigin));
    this.#announced = true;
    const records = this.#ring.drain(most);
    const lost = this.#ring.takeLost();
    // After the records, so that every string that they use is included.
    const strings = this.#strings.takeFresh();
    if (strings.length !== 0) chunks.push(stringsChunk(this.cpu, strings));
    if (lost !== 0) chunks.push(recordsChunk(this.cpu, lost, new Uint8Array(0)));
    for (let at = 0; at < records.length; at += CHUNK_RECORDS * RECORD_BYTES) {
      chunks.push(recordsChunk(this.cpu, 0, encodeRecords(records.subarray(at, at + CHUNK_RECORDS * RECORD_BYTES))));
    }
    return chunks;
  }
}
