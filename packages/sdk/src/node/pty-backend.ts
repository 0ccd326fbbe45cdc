import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ReadStream } from 'node:tty';
import { QvmError } from '@qvm/core';
import { type CharacterBackend } from '@qvm/core/services';
import { ByteQueue } from '../console/byte-queue.js';
import type { CharacterBackendContext, CharacterBackendFactory } from '../console/character-backends.js';

/** Input beyond this size stays in the kernel. */
const MAX_INPUT = 0x1_0000;
/** Output beyond this size is dropped, because the other end is not read. */
const MAX_OUTPUT = 0x4_0000;
/** Interval in which writing to a full terminal is repeated. */
const RETRY_MS = 20;
/** Time that the pair outlives its VM. */
const LINGER_MS = 100;

/**
 * The designator `pty`: a pseudo-terminal whose other end any program can open. Its path is announced.
 *
 * @experimental
 */
export const ptyBackend: CharacterBackendFactory = {
  scheme: 'pty',
  description: 'A pseudo-terminal; its path is announced, and any terminal program can open it',
  check: () => void loadLibrary(),
  open: (_argument, context) => new PtyBackend(openPair(), context),
};

/** A pseudo-terminal pair made by node-pty's `open`, whose declarations omit these members. */
interface Pair {
  readonly master: ReadStream;
  readonly slave: ReadStream;
  readonly ptsName: string;
  /** File descriptor of the master; non-blocking. */
  readonly fd: number;
}

interface PtyLibrary {
  open(options: { readonly encoding: null }): Pair;
}

/** @throws QvmError `console.pty` when the library is not installed. */
function loadLibrary(): PtyLibrary {
  return attempt(() => {
    const library: unknown = createRequire(import.meta.url)('@lydell/node-pty');
    if (!hasOpen(library)) throw new Error('@lydell/node-pty opens no bare pseudo-terminals');
    return library;
  });
}

function openPair(): Pair {
  const library = loadLibrary();
  return attempt(() => library.open({ encoding: null }));
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
    throw new QvmError('console.pty', `no pseudo-terminal can be opened: ${reason}`, { cause });
  }
}

function hasOpen(library: unknown): library is PtyLibrary {
  return typeof library === 'object' && library !== null && 'open' in library && typeof library.open === 'function';
}

class PtyBackend implements CharacterBackend {
  readonly #master: ReadStream;
  readonly #descriptor: number;
  readonly #held: number;
  readonly #input = new ByteQueue();
  readonly #output = new ByteQueue();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #listener: (() => void) | undefined;
  #closed = false;

  constructor({ master, slave, ptsName, fd }: Pair, context: CharacterBackendContext) {
    this.#master = master;
    this.#descriptor = fd;
    // The line discipline must neither echo nor translate, which is up to the guest.
    slave.setRawMode(true);
    // Node's raw mode still converts LF to CR LF on the way to the guest; coreutils' stty can disable that, too.
    // Terminal programs disable it themselves, so nothing is lost without stty.
    spawnSync('stty', ['-F', ptsName, '-opost'], { stdio: 'ignore' });
    // While the other end is not open, reads would fail. This descriptor keeps it open and reads nothing.
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
    if (this.#closed || this.#output.length > MAX_OUTPUT) return;
    this.#output.push(bytes);
    if (this.#retry === undefined) this.#drain();
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
    clearTimeout(this.#retry);
    this.#listener = undefined;
    // Closing at once would discard the guest's last output before a reader could read it.
    setTimeout(() => {
      this.#master.destroy();
      closeSync(this.#held);
    }, LINGER_MS);
  }

  /** Writes directly: a stream for a terminal would wait, and the guest with it, until the other end is read. */
  #drain(): void {
    this.#retry = undefined;
    while (this.#output.length !== 0) {
      const bytes = this.#output.peek();
      const written = this.#tryWrite(bytes);
      this.#output.take(written);
      if (written < bytes.length) {
        this.#retry = setTimeout(() => this.#drain(), RETRY_MS).unref();
        return;
      }
    }
  }

  #tryWrite(bytes: Uint8Array): number {
    try {
      return writeSync(this.#descriptor, bytes);
    } catch {
      // EAGAIN: the other end is not being read.
      return 0;
    }
  }

  #received(bytes: Uint8Array): void {
    this.#input.push(bytes);
    if (this.#input.length > MAX_INPUT) this.#master.pause();
    this.#listener?.();
  }
}
