import type { Disposable } from '@qvm/core';
import type { CharacterBackend, TerminalSize } from '@qvm/core/services';
import { ByteQueue } from './byte-queue.js';
import { MAX_KEPT_OUTPUT, type ConsoleStream } from './console-stream.js';
import { Listeners } from './listeners.js';
import { iterateOutput } from './output-iterator.js';

/** Number of bytes at which output is delivered even during a long slice of the guest. */
const FLUSH_BYTES = 0x1_0000;

/**
 * Both ends of an in-process console: the program's {@link ConsoleStream}, and the vdev's as `backend`. Output is
 * collected while the guest runs, and delivered when its slice ends.
 */
export class ConsoleChannel implements ConsoleStream {
  readonly name: string;
  readonly backend: CharacterBackend;
  readonly #input = new ByteQueue();
  readonly #kept = new ByteQueue();
  readonly #output = new Listeners<Uint8Array>();
  readonly #drained = new Listeners<undefined>();
  readonly #closing = new Listeners<undefined>();
  #pending = new Uint8Array(256);
  #pendingLength = 0;
  #flushDue = false;
  #inputListener: (() => void) | undefined;
  #resizeListener: (() => void) | undefined;
  #size: TerminalSize | undefined;
  #closed = false;
  #lost = 0;

  constructor(name: string) {
    this.name = name;
    this.backend = this.#createBackend();
  }

  get closed(): boolean {
    return this.#closed;
  }

  get waiting(): number {
    return this.#input.length;
  }

  get lost(): number {
    return this.#lost;
  }

  get output(): AsyncIterable<Uint8Array> {
    return iterateOutput(this, (bytes) => {
      this.#lost += bytes;
    });
  }

  send(data: string | Uint8Array): void {
    if (this.#closed) return;
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    if (bytes.length === 0) return;
    this.#input.push(bytes);
    this.#inputListener?.();
  }

  resize(columns: number, rows: number): void {
    if (this.#size?.columns === columns && this.#size.rows === rows) return;
    this.#size = { columns, rows };
    this.#resizeListener?.();
  }

  onDrained(listener: () => void): Disposable {
    return this.#drained.add(listener);
  }

  onOutput(listener: (bytes: Uint8Array) => void): Disposable {
    this.#flush();
    const kept = this.#kept.take();
    if (kept.length !== 0) listener(kept);
    return this.#output.add(listener);
  }

  onClosed(listener: () => void): Disposable {
    if (this.#closed) {
      listener();
      return { dispose: () => undefined };
    }
    return this.#closing.add(listener);
  }

  takeOutput(): Uint8Array {
    this.#flush();
    return this.#kept.take();
  }

  /** Ends the stream because the VM has ended. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#inputListener = undefined;
    this.#input.truncate(0);
    this.#closing.call(undefined);
    this.#closing.clear();
    this.#output.clear();
    this.#drained.clear();
  }

  #createBackend(): CharacterBackend {
    const input = this.#input;
    const size = (): TerminalSize | undefined => this.#size;
    return {
      write: (bytes) => this.#write(bytes),
      read: (max) => this.#read(max),
      get available() {
        return input.length;
      },
      onInput: (listener) => {
        this.#inputListener = listener;
      },
      get terminalSize() {
        return size();
      },
      onResize: (listener) => {
        this.#resizeListener = listener;
      },
      flush: () => this.#flush(),
      close: () => this.close(),
    };
  }

  #read(max: number): Uint8Array {
    const bytes = this.#input.take(max);
    if (bytes.length !== 0 && this.#input.length === 0) this.#drained.call(undefined);
    return bytes;
  }

  #write(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#reserve(bytes.length);
    this.#pending.set(bytes, this.#pendingLength);
    this.#pendingLength += bytes.length;
    if (this.#pendingLength >= FLUSH_BYTES) this.#flush();
    else if (!this.#flushDue) {
      this.#flushDue = true;
      queueMicrotask(() => this.#flush());
    }
  }

  #reserve(more: number): void {
    const needed = this.#pendingLength + more;
    if (needed <= this.#pending.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#pending.length * 2));
    larger.set(this.#pending.subarray(0, this.#pendingLength));
    this.#pending = larger;
  }

  #flush(): void {
    this.#flushDue = false;
    if (this.#pendingLength === 0) return;
    const bytes = this.#pending.slice(0, this.#pendingLength);
    this.#pendingLength = 0;
    if (this.#output.count !== 0) {
      this.#output.call(bytes);
      return;
    }
    this.#kept.push(bytes);
    this.#lost += this.#kept.truncate(MAX_KEPT_OUTPUT);
  }
}
