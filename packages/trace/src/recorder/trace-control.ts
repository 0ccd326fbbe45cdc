import type { RingMode } from './ring.js';

/**
 * What a recording shall be like.
 *
 * @experimental
 */
export interface TraceStartOptions {
  /** VMs to record; all when absent. */
  readonly vms?: readonly string[];
  /** Records of each thread's ring: a power of two. */
  readonly capacity?: number;
  readonly mode?: RingMode;
}

/**
 * Contents of a recording.
 *
 * @experimental
 */
export interface TraceOutput {
  /** Chunks of a trace file. Behind one `fileHeader` and before one `endChunk`, those of all threads are a file. */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
  /** Whether there will be more. */
  readonly running: boolean;
}

/**
 * Records where VMs run in threads or processes of their own. Whoever wants the trace starts it and reads again and
 * again until it does not run any more; anyone may stop it.
 *
 * @experimental
 */
export interface TraceControl {
  /** @throws QvmError `trace.running` when a recording goes on. */
  start(options?: TraceStartOptions): Promise<void>;
  /** Takes what was recorded since the last call. @throws QvmError `trace.not-running`. */
  read(): Promise<TraceOutput>;
  /** @throws QvmError `trace.not-running`. */
  stop(): Promise<void>;
}
