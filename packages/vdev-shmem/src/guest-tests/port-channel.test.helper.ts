import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type {
  SharedMemoryCall,
  SharedMemoryChannel,
  SharedMemoryEvent,
  SharedMemoryNote,
  SharedMemoryReply,
} from '../channel/messages.js';
import type { SharedMemoryServer } from '../channel/shared-memory-server.js';

/** The parts for a thread's end. */
export interface PortEnds {
  readonly calls: MessagePort;
  readonly events: MessagePort;
  /** A word that counts replies. */
  readonly replies: SharedArrayBuffer;
}

/** The end of a VM's thread, over message ports. */
export class PortChannel implements SharedMemoryChannel {
  readonly #ends: PortEnds;
  readonly #replies: Int32Array;

  constructor(ends: PortEnds) {
    this.#ends = ends;
    this.#replies = new Int32Array(ends.replies);
  }

  call(call: SharedMemoryCall): SharedMemoryReply {
    const before = Atomics.load(this.#replies, 0);
    this.#ends.calls.postMessage({ call });
    for (;;) {
      const reply = receiveMessageOnPort(this.#ends.calls) as { readonly message: SharedMemoryReply } | undefined;
      if (reply !== undefined) return reply.message;
      if (Atomics.wait(this.#replies, 0, before, 10_000) === 'timed-out') throw new Error('no reply');
    }
  }

  note(note: SharedMemoryNote): void {
    this.#ends.calls.postMessage({ note });
  }

  onEvent(listener: (event: SharedMemoryEvent) => void): void {
    this.#ends.events.on('message', listener);
  }
}

/** The registry's end. */
export function serve(ends: PortEnds, server: SharedMemoryServer): void {
  const replies = new Int32Array(ends.replies);
  ends.calls.on('message', (message: { readonly call?: unknown; readonly note?: unknown }) => {
    if (message.call === undefined) {
      server.note(message.note);
      return;
    }
    ends.calls.postMessage(server.call(message.call));
    Atomics.add(replies, 0, 1);
    Atomics.notify(replies, 0);
  });
}
