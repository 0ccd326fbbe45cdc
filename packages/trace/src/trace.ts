import type { TraceEvent } from './event.js';
import { mergeByTime } from './merge-by-time.js';
import { StreamCursor, type TraceStream } from './stream-cursor.js';

/**
 * A trace in memory: the events of all threads in order of time. Records stay as they are in the file; an event is made
 * when it is asked for.
 *
 * @experimental
 */
export class Trace {
  /** Number of events. */
  readonly length: number;
  /** Number of events lost during recording. */
  readonly lost: number;
  /** Numbers of the threads (physical CPUs), in order. */
  readonly cpus: readonly number[];
  /** Whether the file has its last chunk; otherwise it was truncated. */
  readonly complete: boolean;
  /** Time of the first event in nanoseconds; 0 when there is none. */
  readonly start: number;
  /** Time of the last event in nanoseconds; 0 when there is none. */
  readonly end: number;
  readonly #streams: readonly { readonly stream: TraceStream; readonly shift: number }[];

  constructor(streams: readonly TraceStream[], complete: boolean) {
    const origin = Math.min(...streams.map(({ originMicroseconds }) => originMicroseconds));
    this.complete = complete;
    this.cpus = streams.map(({ cpu }) => cpu).sort((a, b) => a - b);
    this.lost = streams.reduce((sum, { lost }) => sum + lost, 0);
    this.length = streams.reduce((sum, { length }) => sum + length, 0);
    this.#streams = streams.map((stream) => ({ stream, shift: (stream.originMicroseconds - origin) * 1000 }));
    const filled = this.#streams.filter(({ stream }) => stream.length > 0);
    this.start = filled.length === 0 ? 0 : Math.min(...filled.map(({ stream, shift }) => stream.first + shift));
    this.end = filled.length === 0 ? 0 : Math.max(...filled.map(({ stream, shift }) => stream.last + shift));
  }

  /** The events in order of time. */
  *events(): Generator<TraceEvent, void, undefined> {
    for (const cursor of this.cursors()) yield cursor.copy();
  }

  /**
   * The same without an object for each: every item is valid until the next one is asked for.
   *
   * @internal
   */
  cursors(): Generator<StreamCursor, void, undefined> {
    return mergeByTime(this.#streams.map(({ stream, shift }) => new StreamCursor(stream, shift)));
  }
}
