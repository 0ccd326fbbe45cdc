import type { Json } from '@qvm/core';
import type { CharacterBackend } from '@qvm/core/services';
import type { Virtqueue, VirtqueueBuffer } from '../device/virtio-device.js';

/** Number of bytes transferred at a time. */
const CHUNK = 0x1000;
/** Number of bytes sent before the guest gets its turn again. */
const TURN_BYTES = 0x4_0000;

/** Parameters of a port. */
export interface PortParts {
  /** Its name for the driver; empty for the first one. */
  readonly name: string;
  readonly hostdev: string;
  readonly backend: CharacterBackend;
  /** The queue for the driver's input buffers, and the queue of its output. */
  readonly receive: Virtqueue;
  readonly transmit: Virtqueue;
  /** Runs a task after the guest's next turn. */
  readonly later: (task: () => void) => void;
}

/**
 * One port of a console: transfers bytes between its queues and its back end, for any layout of the driver's buffers.
 */
export class ConsolePort {
  readonly name: string;
  /** Whether the driver has opened it: input is taken from the host only then. */
  #open = false;
  readonly #parts: PortParts;
  readonly #chunk = new Uint8Array(CHUNK);
  /** The buffer that is being sent, and the offset in it. */
  #sending: { readonly buffer: VirtqueueBuffer; offset: number } | undefined;
  #continues = false;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(parts: PortParts) {
    this.#parts = parts;
    this.name = parts.name;
    parts.backend.onInput(() => this.receive());
  }

  get open(): boolean {
    return this.#open;
  }

  set open(open: boolean) {
    this.#open = open;
    this.receive();
  }

  /** Passes as much input to the guest as it has room for; the rest stays on the host. */
  receive(): void {
    const { backend, receive } = this.#parts;
    while (this.#open && backend.available > 0) {
      const buffer = receive.pop();
      if (buffer === undefined) break;
      const bytes = backend.read(Math.min(buffer.writable, CHUNK));
      receive.push(buffer, buffer.write(0, bytes));
      this.#bytesIn += bytes.length;
    }
    receive.notify();
    // New buffers matter only while input waits for them.
    receive.wantKicks(this.#open && backend.available > 0);
  }

  /** Sends the guest's output. */
  transmit(): void {
    let budget = TURN_BYTES;
    while (budget > 0 && this.#nextBuffer()) budget -= this.#sendChunk();
    this.#parts.transmit.notify();
    if (budget <= 0) this.#continueLater();
  }

  /** Sends a character without queues. */
  emergencyWrite(character: number): void {
    this.#parts.backend.write(Uint8Array.of(character));
    this.#bytesOut++;
  }

  reset(): void {
    this.#sending = undefined;
    this.#open = false;
    this.#parts.backend.flush();
  }

  /** Completes the buffer that is being sent, so that none is in flight. */
  settle(): void {
    while (this.#sending !== undefined) this.#sendChunk();
    this.#parts.transmit.notify();
  }

  /** Restores whether it was open; no buffer is in flight. */
  restore(open: boolean): void {
    this.#sending = undefined;
    this.#open = open;
  }

  status(): Readonly<Record<string, Json>> {
    const { hostdev, backend } = this.#parts;
    return {
      name: this.name,
      hostdev,
      open: this.#open,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      waitingOnHost: backend.available,
    };
  }

  dispose(): void {
    const { backend } = this.#parts;
    backend.onInput(undefined);
    backend.flush();
    backend.close();
  }

  #nextBuffer(): boolean {
    if (this.#sending !== undefined) return true;
    const buffer = this.#parts.transmit.pop();
    if (buffer === undefined) return false;
    this.#sending = { buffer, offset: 0 };
    return true;
  }

  /** Sends a chunk of the current buffer, and returns the buffer at its end; returns the number of bytes. */
  #sendChunk(): number {
    if (this.#sending === undefined) return 0;
    const { buffer, offset } = this.#sending;
    const length = buffer.read(offset, this.#chunk);
    if (length > 0) this.#parts.backend.write(this.#chunk.subarray(0, length));
    this.#sending.offset += length;
    this.#bytesOut += length;
    if (this.#sending.offset >= buffer.readable) {
      this.#sending = undefined;
      this.#parts.transmit.push(buffer, 0);
    }
    return length;
  }

  #continueLater(): void {
    if (this.#continues) return;
    this.#continues = true;
    this.#parts.later(() => {
      this.#continues = false;
      this.transmit();
    });
  }
}
