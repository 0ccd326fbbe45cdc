import { NO_OFFLOADS } from '@qvm/core/services';
import type { FrameListener, FrameOffload, NetworkPort, OffloadSet } from '@qvm/core/services';
import { isAdmissible } from '../offload/check-offload.js';
import { accepts, wireFrames } from '../offload/lower-offloads.js';
import { PortCounters } from '../port/port-counters.js';
import { RingConsumer } from './ring-consumer.js';
import { Word, type RingMemory } from './ring-layout.js';
import { RingProducer } from './ring-producer.js';

/**
 * Largest number of frames before a turn of the event loop, so that a busy neighbour does not starve everything else.
 */
const FRAMES_PER_TURN = 256;

/**
 * The part of a `MessagePort` that wakes the other side. The contents of messages do not matter.
 *
 * @experimental
 */
export interface WakeChannel {
  postMessage(message: null): void;
  onmessage: ((event: never) => void) | null;
  /** `close`: the other side's thread has ended or closed its end. */
  addEventListener(type: 'close', listener: () => void): void;
  close(): void;
}

/**
 * One end of a cable between two threads: writes to one ring and reads the other.
 *
 * @experimental
 */
export interface ThreadNetworkPort extends NetworkPort {
  /** Reports to the other end whether this one is connected. */
  announceLink(up: boolean): void;
}

/** See {@link ThreadNetworkPort}. */
export class ThreadPort implements ThreadNetworkPort {
  readonly counters = new PortCounters();
  readonly #outgoing: Int32Array;
  readonly #incoming: Int32Array;
  readonly #producer: RingProducer;
  readonly #consumer: RingConsumer;
  readonly #wake: WakeChannel;
  #listener: FrameListener | undefined;
  #linkListener: (() => void) | undefined;
  #linkSeen: boolean;
  #draining = false;
  /** Whether the remaining frames wait for a turn of the event loop. */
  #deferred = false;
  #closed = false;
  #otherGone = false;

  constructor(outgoing: RingMemory, incoming: RingMemory, wake: WakeChannel) {
    this.#outgoing = outgoing.control;
    this.#incoming = incoming.control;
    this.#producer = new RingProducer(outgoing);
    this.#consumer = new RingConsumer(incoming);
    this.#wake = wake;
    this.#linkSeen = this.linkUp;
    wake.onmessage = () => this.#woken();
    wake.addEventListener('close', () => this.#lost());
    this.#drain();
  }

  get linkUp(): boolean {
    return (
      !this.#closed &&
      !this.#otherGone &&
      !this.#consumer.broken &&
      Atomics.load(this.#incoming, Word.link) === 1 &&
      Atomics.load(this.#incoming, Word.producerClosed) === 0
    );
  }

  announceLink(up: boolean): void {
    Atomics.store(this.#outgoing, Word.link, up ? 1 : 0);
    this.#wakeOther();
  }

  onLinkChange(listener: (() => void) | undefined): void {
    this.#linkListener = listener;
  }

  acceptOffloads(accepted: OffloadSet): void {
    Atomics.store(this.#incoming, Word.accepted, bitsOf(accepted));
  }

  send(frame: Uint8Array, offload?: FrameOffload): boolean {
    if (!this.linkUp || !isAdmissible(frame, offload)) {
      this.counters.sendDrops++;
      return false;
    }
    const complete = this.#write(frame, offload);
    if (this.#producer.takeSleeper()) this.#wakeOther();
    return complete;
  }

  onReceive(listener: FrameListener | undefined): void {
    this.#listener = listener;
    this.#drain();
  }

  resume(): void {
    this.#drain();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener = undefined;
    this.#linkListener = undefined;
    Atomics.store(this.#outgoing, Word.producerClosed, 1);
    this.#wakeOther();
    this.#wake.onmessage = null;
    this.#wake.close();
  }

  #write(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    const accepted = setOf(Atomics.load(this.#outgoing, Word.accepted));
    if (accepts(accepted, offload)) return this.#writeOne(frame, offload);
    let complete = true;
    for (const wire of wireFrames(frame, offload)) complete = this.#writeOne(wire, undefined) && complete;
    return complete;
  }

  #writeOne(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    const written = this.#producer.write(frame, offload);
    if (written) this.counters.countSent(frame);
    else this.counters.sendDrops++;
    return written;
  }

  #wakeOther(): void {
    this.#wake.postMessage(null);
  }

  #woken(): void {
    this.#checkLink();
    this.#drain();
    // A broken ring is detected by reading it.
    this.#checkLink();
  }

  #lost(): void {
    this.#otherGone = true;
    this.#checkLink();
  }

  #checkLink(): void {
    const up = this.linkUp;
    if (up === this.#linkSeen) return;
    this.#linkSeen = up;
    this.#linkListener?.();
  }

  /** Passes the available frames to the listener, and requests to be woken once all of them were taken. */
  #drain(): void {
    // While the rest of this turn is due, or the listener has not resumed, no message is needed.
    if (this.#draining || this.#deferred || this.#closed) return;
    this.#draining = true;
    try {
      while (this.#takeBatch() && !this.#consumer.sleep());
    } finally {
      this.#draining = false;
    }
  }

  /** Takes up to a turn's frames; returns whether all available frames were taken. */
  #takeBatch(): boolean {
    for (let count = 0; count < FRAMES_PER_TURN; count++) {
      const next = this.#consumer.peek();
      if (next === undefined) return true;
      if (!this.#take(next.frame, next.offload)) return false;
      this.#consumer.advance();
    }
    this.#defer();
    return false;
  }

  #take(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    if (this.#listener === undefined) {
      this.counters.receiveDrops++;
      return true;
    }
    if (!this.#listener(frame, offload)) return false;
    this.counters.countReceived(frame);
    return true;
  }

  #defer(): void {
    this.#deferred = true;
    nextTurn(() => {
      this.#deferred = false;
      this.#drain();
    });
  }
}

/** Uses `setImmediate`, because messages to oneself would keep Node from handling its sockets. */
function nextTurn(task: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(task);
  else setTimeout(task, 0);
}

const OFFLOAD_BITS = { checksum: 1, tcp4: 2, tcp6: 4, ecn: 8 } as const;

function bitsOf({ checksum, tcp4, tcp6, ecn }: OffloadSet): number {
  return (
    (checksum ? OFFLOAD_BITS.checksum : 0) |
    (tcp4 ? OFFLOAD_BITS.tcp4 : 0) |
    (tcp6 ? OFFLOAD_BITS.tcp6 : 0) |
    (ecn ? OFFLOAD_BITS.ecn : 0)
  );
}

function setOf(bits: number): OffloadSet {
  if (bits === 0) return NO_OFFLOADS;
  return {
    checksum: (bits & OFFLOAD_BITS.checksum) !== 0,
    tcp4: (bits & OFFLOAD_BITS.tcp4) !== 0,
    tcp6: (bits & OFFLOAD_BITS.tcp6) !== 0,
    ecn: (bits & OFFLOAD_BITS.ecn) !== 0,
  };
}
