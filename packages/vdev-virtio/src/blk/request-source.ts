import type { BlockProcedure } from '@qvm/core/services';
import type { Virtqueue } from '../device/virtio-device.js';
import { HEADER_BYTES, S_OK, T_IN, T_OUT } from './constants.js';
import { readRequest, type BlkRequest } from './request.js';
import { serveRequest, type Outcome, type Service } from './serve-request.js';

/** A request that is being served. */
export interface Flight {
  readonly queue: Virtqueue;
  readonly request: BlkRequest;
  readonly procedure: BlockProcedure<Outcome>;
  readonly bounce: Uint8Array;
}

/** Counts of the requests so far, by result. */
export interface RequestCounts {
  readonly requests: number;
  readonly failed: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** The device's services for a {@link RequestSource}. */
export interface SourceContext {
  readonly queues: readonly Virtqueue[];
  service(bounce: Uint8Array): Service;
  /** Reports that a driver has violated the protocol. */
  broken(reason: string): void;
  /** Reports an error of the disk. */
  failed(error: unknown): void;
}

/** The requests of all queues: takes them in turn, and completes them. */
export class RequestSource {
  readonly #context: SourceContext;
  readonly #kicked = new Set<number>();
  readonly #counts = { requests: 0, failed: 0, bytesRead: 0, bytesWritten: 0 };

  constructor(context: SourceContext) {
    this.#context = context;
  }

  get counts(): RequestCounts {
    return { ...this.#counts };
  }

  /** Reports that there may be requests in a queue. */
  kicked(queue: number): void {
    this.#kicked.add(queue);
  }

  reset(): void {
    this.#kicked.clear();
  }

  /** The next request, taking one from each queue in turn; `undefined` when there is none. */
  next(bounce: Uint8Array): Flight | undefined {
    for (const index of this.#kicked) {
      // Removed here, and added at the end again if the queue has more.
      this.#kicked.delete(index);
      const queue = this.#context.queues[index];
      const buffer = queue?.pop();
      if (queue === undefined || buffer === undefined) continue;
      const request = readRequest(buffer);
      if (request === undefined) {
        this.#context.broken(`a request in ${queue.name} has no room for its header or status`);
        return undefined;
      }
      this.#kicked.add(index);
      return { queue, request, bounce, procedure: serveRequest(request, this.#context.service(bounce)) };
    }
    return undefined;
  }

  /** Completes a request: status byte, used ring, interrupt. */
  finish({ queue, request }: Flight, outcome: Outcome): void {
    const { buffer, dataIn } = request;
    buffer.write(dataIn, Uint8Array.of(outcome.status));
    // Bytes that were not written are not counted, so that a driver never takes old memory for data.
    queue.push(buffer, outcome.written === dataIn ? buffer.writable : outcome.written);
    queue.notify();
    this.#count(request, outcome);
  }

  #count({ type, buffer }: BlkRequest, { status, written, error }: Outcome): void {
    const counts = this.#counts;
    counts.requests++;
    if (status !== S_OK) counts.failed++;
    if (type === T_IN) counts.bytesRead += written;
    if (type === T_OUT && status === S_OK) counts.bytesWritten += buffer.readable - HEADER_BYTES;
    if (error !== undefined) this.#context.failed(error);
  }
}
