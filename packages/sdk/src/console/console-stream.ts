import type { Disposable } from '@qvm/core';

/**
 * A guest's character device as the host program sees it, in process: the designators `stdio` and `stream:NAME`.
 *
 * @experimental
 */
export interface ConsoleStream {
  /** `stdio`, or the name after `stream:`. */
  readonly name: string;
  /** Whether the VM has ended: no more output comes, and input goes nowhere. */
  readonly closed: boolean;
  /** Queues input for the guest, text as UTF-8. It waits until the guest takes it; none is lost. */
  send(data: string | Uint8Array): void;
  /** Says how large the terminal is that shows the console, in characters; guests learn it by `virtio-console`. */
  resize(columns: number, rows: number): void;
  /** Bytes of input that the guest has not taken yet. */
  readonly waiting: number;
  /** `listener` runs each time when the guest has taken all input. */
  onDrained(listener: () => void): Disposable;
  /**
   * `listener` gets the output from now on, and what is kept from before when it is the first. The array is the
   * listener's to keep.
   */
  onOutput(listener: (bytes: Uint8Array) => void): Disposable;
  /** `listener` runs once when no more output will come; at once when that is so already. */
  onClosed(listener: () => void): Disposable;
  /** Takes what is kept. Output is kept while nobody listens: the last {@link MAX_KEPT_OUTPUT} bytes. */
  takeOutput(): Uint8Array;
  /** Output as an asynchronous iterable, which ends with the VM. A consumer that is too slow loses the oldest output. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Bytes of output that were lost because nobody took them. */
  readonly lost: number;
}

/**
 * How many bytes of output wait for a consumer at most.
 *
 * @experimental
 */
export const MAX_KEPT_OUTPUT = 0x100_0000;
