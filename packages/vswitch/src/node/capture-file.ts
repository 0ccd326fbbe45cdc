import { QvmError, type Logger } from '@qvm/core';
import type { CaptureOutput, CaptureOutputs } from '../capture/capture-output.js';
import type { CaptureSink } from '../capture/capture-sink.js';
import { captureHeader, captureRecord } from '../capture/pcapng.js';

/** Largest number of buffered bytes. */
const BUFFER_BYTES = 0x1_0000;
/** Longest time in milliseconds for which bytes are buffered. */
const FLUSH_AFTER = 100;

/**
 * A capture in a file of the format pcapng, with timestamps in nanoseconds. The file is created or truncated when the
 * first frame arrives, so that checking a configuration changes no files. When it can no longer be written, that is
 * logged once, and the network continues.
 *
 * @experimental
 */
export class CaptureFile implements CaptureSink {
  readonly #path: string;
  readonly #device: string;
  readonly #outputs: CaptureOutputs;
  readonly #logger: Logger;
  #waiting: Uint8Array[];
  #bytes = 0;
  #output: CaptureOutput | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /**
   * @param device - the name of the interface in the file.
   * @throws QvmError `network.capture` when the file cannot be written.
   */
  constructor(path: string, device: string, outputs: CaptureOutputs, logger: Logger) {
    const problem = outputs.problem(path);
    if (problem !== undefined) throw new QvmError('network.capture', `"${path}" cannot be written: ${problem}`);
    this.#path = path;
    this.#device = device;
    this.#outputs = outputs;
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
      this.#output ??= this.#outputs.open(this.#path, this.#device);
      this.#output.write(bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.log('error', `the capture "${this.#path}" ends here: ${reason}`);
      this.#end();
    }
  }

  #end(): void {
    this.#ended = true;
    this.#output?.close();
    this.#output = undefined;
  }
}
