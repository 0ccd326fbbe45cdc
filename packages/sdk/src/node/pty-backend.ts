import { closeSync, constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ReadStream } from 'node:tty';
import { QvmError, type CharacterBackend } from '@qvm/core';
import { ByteQueue } from '../console/byte-queue.js';
import type { CharacterBackendContext, CharacterBackendFactory } from '../console/character-backends.js';

/** Input beyond this waits in the kernel. */
const MAX_INPUT = 0x1_0000;
/** Output beyond this is dropped: nobody reads the other end. */
const MAX_OUTPUT = 0x4_0000;

/**
 * The designator `pty`: a pseudo-terminal whose other end any program can open. Its path is announced.
 *
 * @experimental
 */
export const ptyBackend: CharacterBackendFactory = {
  scheme: 'pty',
  description: 'A pseudo-terminal; its path is announced, and any terminal program can open it',
  open: (_argument, context) => new PtyBackend(openPair(), context),
};

/** A pseudo-terminal pair as `open` of node-pty makes it; its declarations leave these members out. */
interface Pair {
  readonly master: ReadStream;
  readonly slave: ReadStream;
  readonly ptsName: string;
}

function openPair(): Pair {
  try {
    const library: unknown = createRequire(import.meta.url)('@lydell/node-pty');
    if (!hasOpen(library)) throw new Error('@lydell/node-pty opens no bare pseudo-terminals');
    return library.open({ encoding: null });
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
    throw new QvmError('console.pty', `no pseudo-terminal can be opened: ${reason}`, { cause });
  }
}

function hasOpen(library: unknown): library is { open(options: { readonly encoding: null }): Pair } {
  return typeof library === 'object' && library !== null && 'open' in library && typeof library.open === 'function';
}

class PtyBackend implements CharacterBackend {
  readonly #master: ReadStream;
  readonly #held: number;
  readonly #input = new ByteQueue();
  #listener: (() => void) | undefined;
  #closed = false;

  constructor({ master, slave, ptsName }: Pair, context: CharacterBackendContext) {
    this.#master = master;
    // The line discipline must neither echo nor translate: that is the guest's business.
    slave.setRawMode(true);
    // While nobody has the other end open, reads here would fail. This descriptor holds it open and reads nothing.
    this.#held = openSync(ptsName, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    slave.destroy();
    master.on('data', (bytes: Uint8Array) => this.#received(bytes));
    master.on('error', (error: Error) => {
      if (!this.#closed) context.logger.log('error', `${ptsName}: ${error.message}`);
    });
    // An idle terminal must not keep the program alive; the VM does that.
    master.unref();
    context.announce(`the console is ${ptsName}`);
  }

  get available(): number {
    return this.#input.length;
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#master.writableLength > MAX_OUTPUT) return;
    this.#master.write(bytes.slice());
  }

  read(max: number): Uint8Array {
    const bytes = this.#input.take(max);
    if (this.#input.length === 0 && this.#master.isPaused()) this.#master.resume();
    return bytes;
  }

  onInput(listener: (() => void) | undefined): void {
    this.#listener = listener;
  }

  flush(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener = undefined;
    // What the guest wrote last still goes out; the stream closes its descriptor then.
    this.#master.end(() => {
      this.#master.destroy();
      closeSync(this.#held);
    });
  }

  #received(bytes: Uint8Array): void {
    this.#input.push(bytes);
    if (this.#input.length > MAX_INPUT) this.#master.pause();
    this.#listener?.();
  }
}
