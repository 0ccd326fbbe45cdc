import { ByteQueue } from './byte-queue.js';
import { MAX_KEPT_OUTPUT, type ConsoleStream } from './console-stream.js';

/**
 * The output of a stream as an asynchronous iterable.
 *
 * @param lost - called with the number of bytes that a slow consumer has lost.
 */
export async function* iterateOutput(
  stream: Pick<ConsoleStream, 'onOutput' | 'onClosed'>,
  lost: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const queue = new ByteQueue();
  let ended = false;
  let wake: () => void = () => undefined;
  const subscription = stream.onOutput((bytes) => {
    queue.push(bytes);
    const excess = queue.truncate(MAX_KEPT_OUTPUT);
    if (excess !== 0) lost(excess);
    wake();
  });
  const closing = stream.onClosed(() => {
    ended = true;
    wake();
  });
  try {
    for (;;) {
      if (queue.length !== 0) yield queue.take();
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    subscription.dispose();
    closing.dispose();
  }
}
