import { QvmError, type Logger } from '@qvm/core';
import type { CaptureOutput, CaptureOutputs } from '../capture/capture-output.js';
import type { CaptureSink } from '../capture/capture-sink.js';
import { captureHeader, captureRecord } from '../capture/pcapng.js';

/** Bytes that are kept back at most. */
const BUFFER_BYTES = 0x1_0000;
/** The longest time that they are kept back, in milliseconds. */
const FLUSH_AFTER = 100;

/**
 * A capture in a file of the format pcapng, timestamps in nanoseconds. The file is made, or emptied, when the first frame
 * comes: a configuration that is only checked touches nothing. When it cannot be written any more, that is logged once, and the
 * network goes on.
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
