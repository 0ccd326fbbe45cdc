import type { Readable, Writable } from 'node:stream';
import type { Disposable } from '@qvm/core';
import type { ConsoleStream } from '../console/console-stream.js';

/** Number of bytes waiting for the guest above which input is not read. */
const MAX_WAITING = 0x1_0000;
/** Number of bytes waiting to be written above which output is `blocked`. */
const MAX_WRITABLE = 0x10_0000;

/**
 * Options for connecting streams.
 *
 * @experimental
 */
export interface ConnectOptions {
  /** Gets the input first and returns the input for the guest. */
  readonly filter?: (bytes: Uint8Array) => Uint8Array;
  /** The output stream accepts no more for now: a good time to pause the VM. */
  readonly onBlocked?: () => void;
  /** The output stream has written everything. */
  readonly onUnblocked?: () => void;
}

/**
 * Connects a console with streams of Node, such as those of the process. The end of the input does not end the VM.
 *
 * @returns an object that disconnects them when disposed of.
 * @experimental
 */
export function connectStreams(
  console: ConsoleStream,
  input: Readable,
  output: Writable,
  { filter = (bytes) => bytes, onBlocked, onUnblocked }: ConnectOptions = {},
): Disposable {
  let blocked = false;
  const unblock = (): void => {
    blocked = false;
    onUnblocked?.();
  };
  const written = console.onOutput((bytes) => {
    output.write(bytes);
    if (blocked || output.writableLength <= MAX_WRITABLE) return;
    blocked = true;
    output.once('drain', unblock);
    onBlocked?.();
  });
  const drained = console.onDrained(() => input.resume());
  const onData = (data: Uint8Array | string): void => {
    console.send(filter(typeof data === 'string' ? new TextEncoder().encode(data) : data));
    if (console.waiting > MAX_WAITING) input.pause();
  };
  input.on('data', onData);
  return {
    dispose: () => {
      written.dispose();
      drained.dispose();
      output.off('drain', unblock);
      input.off('data', onData);
      input.pause();
    },
  };
}
