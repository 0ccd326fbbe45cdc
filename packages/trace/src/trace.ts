import type { TraceEvent } from './event.js';
import { Field, getUint53, RECORD_BYTES } from './record.js';

/** The records of one thread, as they were read. */
export interface TraceStream {
  readonly cpu: number;
  /** What its times count from, in microseconds since 1970. */
  readonly originMicroseconds: number;
  readonly strings: readonly string[];
  readonly blocks: readonly DataView[];
  /** Records that were lost. */
  readonly lost: number;
}

/** A block of records of one thread. */
interface RecordBlock {
  readonly stream: TraceStream;
  readonly view: DataView;
  /** Nanoseconds to add to its time. */
  readonly shift: number;
}

/**
 * A trace in memory: the events of all threads in order of time. Records stay the bytes that they are; an event is made
 * when it is asked for.
 *
 * @experimental
 */
export class Trace {
  /** Number of events. */
  readonly length: number;
  /** Events that were lost while recording. */
  readonly lost: number;
  /** Numbers of the threads (physical CPUs), in order. */
  readonly cpus: readonly number[];
  /** Whether the file has its end; otherwise it was cut off. */
  readonly complete: boolean;
  readonly #blocks: readonly RecordBlock[];
  /** First event of each block, and the length at the end. */
  readonly #starts: readonly number[];
  readonly #times: Float64Array;
  readonly #order: Uint32Array;

  constructor(streams: readonly TraceStream[], complete: boolean) {
    const origin = Math.min(...streams.map(({ originMicroseconds }) => originMicroseconds));
    this.complete = complete;
    this.cpus = streams.map(({ cpu }) => cpu).sort((a, b) => a - b);
    this.lost = streams.reduce((sum, { lost }) => sum + lost, 0);
    this.#blocks = streams.flatMap((stream) =>
      stream.blocks.map((view) => ({ stream, view, shift: (stream.originMicroseconds - origin) * 1000 })),
    );
    this.#starts = startsOf(this.#blocks);
    this.length = this.#starts.at(-1) ?? 0;
    this.#times = this.#readTimes();
    this.#order = orderOf(this.#times);
  }

  /** The events in order of time. */
  *events(): Generator<TraceEvent, void, undefined> {
    for (const index of this.#order) yield this.#event(index);
  }

  /** Time of the first event in nanoseconds; 0 when there is none. */
  get start(): number {
    return this.#timeAt(0);
  }

  /** Time of the last event in nanoseconds. */
  get end(): number {
    return this.#timeAt(this.length - 1);
  }

  #timeAt(position: number): number {
    return this.#times[this.#order[position] ?? 0] ?? 0;
  }

  #readTimes(): Float64Array {
    const times = new Float64Array(this.length);
    let index = 0;
    for (const { view, shift } of this.#blocks) {
      for (let at = 0; at < view.byteLength; at += RECORD_BYTES) times[index++] = getUint53(view, at) + shift;
    }
    return times;
  }

  #event(index: number): TraceEvent {
    const block = this.#placeOf(index);
    const { stream, view } = this.#blocks[block] as RecordBlock;
    const at = (index - (this.#starts[block] as number)) * RECORD_BYTES;
    const text = (field: Field): string => stream.strings[view.getUint16(at + field, true)] ?? '?';
    return {
      time: this.#times[index] as number,
      id: view.getUint8(at + Field.id),
      cpu: stream.cpu,
      vm: text(Field.vm),
      vcpu: view.getUint8(at + Field.vcpu),
      name: text(Field.name),
      detail: text(Field.detail),
      a: view.getUint32(at + Field.a, true),
      b: view.getUint32(at + Field.b, true),
      c: view.getBigUint64(at + Field.c, true),
      d: view.getBigUint64(at + Field.d, true),
    };
  }

  /** The block that has an event: the last one that does not start after it. */
  #placeOf(index: number): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function startsOf(blocks: readonly RecordBlock[]): readonly number[] {
  const starts = [0];
  for (const { view } of blocks) starts.push((starts.at(-1) as number) + view.byteLength / RECORD_BYTES);
  return starts;
}

/** Indices in order of time; what has the same time keeps its order. */
function orderOf(times: Float64Array): Uint32Array {
  const order = Uint32Array.from(times, (_, index) => index);
  const sorted = times.every((time, index) => index === 0 || (times[index - 1] as number) <= time);
  return sorted ? order : order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
}
