import { closeSync, openSync, writeSync } from 'node:fs';
import type { Logger } from '@qvm/core';
import type { CaptureSink } from '../capture/capture-sink.js';
import { captureHeader, captureRecord } from '../capture/pcapng.js';

/** Kept back at most so many bytes, and so many milliseconds. */
const BUFFER_BYTES = 0x1_0000;
const FLUSH_AFTER = 100;

/**
 * A capture in a file of the format pcapng, timestamps in nanoseconds. The file is made, or emptied, when the first frame
 * comes: a configuration that is only checked touches nothing. When it cannot be written, that is logged once, and the
 * network goes on.
 *
 * @experimental
 */
export class CaptureFile implements CaptureSink {
  readonly #path: string;
  readonly #logger: Logger;
  #waiting: Uint8Array[];
  #bytes = 0;
  #descriptor: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  /** @param device - the name of the interface in the file. */
  constructor(path: string, device: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
    this.#waiting = [captureHeader(device)];
  }

  record(frame: Uint8Array, direction: 'in' | 'out'): void {
    if (this.#ended) return;
    const time = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
    const record = captureRecord(frame, time, direction);
    this.#waiting.push(record);
    this.#bytes += record.length;
    if (this.#bytes >= BUFFER_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER).unref();
  }

  close(): void {
    if (this.#bytes > 0) this.#flush();
    this.#end();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#bytes = 0;
    try {
      this.#descriptor ??= openSync(this.#path, 'w');
      for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.log('error', `the capture "${this.#path}" ends here: ${reason}`);
      this.#end();
    }
  }

  #end(): void {
    this.#ended = true;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
