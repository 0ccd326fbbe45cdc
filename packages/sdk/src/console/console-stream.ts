import type { Disposable } from '@qvm/core';

/**
 * A guest's character device from the view of the host program, in process: the designators `stdio` and `stream:NAME`.
 *
 * @experimental
 */
export interface ConsoleStream {
  /** `stdio`, or the name after `stream:`. */
  readonly name: string;
  /** Whether the VM has ended: there is no more output, and input is discarded. */
  readonly closed: boolean;
  /** Queues input for the guest, text as UTF-8. It is kept until the guest takes it. */
  send(data: string | Uint8Array): void;
  /** Sets the size of the terminal that shows the console, in characters; guests learn it through `virtio-console`. */
  resize(columns: number, rows: number): void;
  /** Number of input bytes that the guest has not taken yet. */
  readonly waiting: number;
  /** `listener` is called whenever the guest has taken all input. */
  onDrained(listener: () => void): Disposable;
  /**
   * `listener` gets the output from now on; the first listener also gets the output kept so far. The listener may keep
   * the array.
   */
  onOutput(listener: (bytes: Uint8Array) => void): Disposable;
  /** `listener` is called once, when there will be no more output; immediately if that is already so. */
  onClosed(listener: () => void): Disposable;
  /** Takes the kept output. Output is kept while there are no listeners: the last {@link MAX_KEPT_OUTPUT} bytes. */
  takeOutput(): Uint8Array;
  /** The output as an asynchronous iterable, which ends with the VM. A slow consumer loses the oldest output. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Number of output bytes that were lost because they were not taken in time. */
  readonly lost: number;
}

/**
 * Largest number of output bytes that are kept for a consumer.
 *
 * @experimental
 */
export const MAX_KEPT_OUTPUT = 0x100_0000;
