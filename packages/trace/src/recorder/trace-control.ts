import type { RingMode } from './ring.js';

/**
 * Options of a recording.
 *
 * @experimental
 */
export interface TraceStartOptions {
  /** VMs to record. Default: all. */
  readonly vms?: readonly string[];
  /** Capacity of each thread's ring in records: a power of two. */
  readonly capacity?: number;
  /** Policy for new records when the ring is full. Default `stop`. */
  readonly mode?: RingMode;
}

/**
 * Output of a recording.
 *
 * @experimental
 */
export interface TraceOutput {
  /** Chunks of a trace file. `fileHeader`, the chunks of all threads, and `endChunk` together form a file. */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
  /** Whether there will be more. */
  readonly running: boolean;
}

/**
 * Records VMs that run in other threads or processes. The user of the trace starts it and reads repeatedly until it is
 * no longer running; anyone may stop it.
 *
 * @experimental
 */
export interface TraceControl {
  /** @throws QvmError `trace.running` when a recording is in progress. */
  start(options?: TraceStartOptions): Promise<void>;
  /** Returns the records since the last call. @throws QvmError `trace.not-running`. */
  read(): Promise<TraceOutput>;
  /** @throws QvmError `trace.not-running`. */
  stop(): Promise<void>;
}
