import { NO_OFFLOADS } from '@qvm/core/services';
import type { FrameListener, FrameOffload, NetworkPort, OffloadSet } from '@qvm/core/services';
import type { CaptureSink } from '../capture/capture-sink.js';
import { isAdmissible } from '../offload/check-offload.js';
import { accepts, wireFrames } from '../offload/lower-offloads.js';
import { DEFAULT_BOUNDS, FrameQueue, type QueueBounds } from './frame-queue.js';
import { PortCounters } from './port-counters.js';

/** What happened to a frame on its way into the network. */
export type Transmission = 'sent' | 'refused' | 'full';

/** The owner of a port: a switch, a cable. */
export interface PortOwner {
  /** Passes on an admissible frame that the device sent. */
  transmit(frame: Uint8Array, offload: FrameOffload | undefined): Transmission;
  closed(): void;
}

/** How a port is made; everything has a default. */
export interface PortOptions {
  /** What may wait for the device. */
  readonly bounds?: QueueBounds;
  /** Records what the device sends and receives; closed with the port. */
  readonly capture?: CaptureSink | undefined;
  /** Default `true`. */
  readonly linkUp?: boolean;
  /** Called once, when the port was closed. */
  readonly onClose?: (() => void) | undefined;
}

/**
 * The network's half of a device's port: checks what the device sends, keeps what it cannot take yet, and does in software
 * what it cannot do.
 */
export class PortEnd implements NetworkPort {
  readonly counters = new PortCounters();
  readonly #owner: PortOwner;
  readonly #capture: CaptureSink | undefined;
  readonly #onClose: (() => void) | undefined;
  readonly #queue: FrameQueue;
  #accepted: OffloadSet = NO_OFFLOADS;
  #listener: FrameListener | undefined;
  #linkListener: (() => void) | undefined;
  #linkUp: boolean;
  #draining = false;
  #closed = false;

  constructor(owner: PortOwner, options: PortOptions = {}) {
    this.#owner = owner;
    this.#capture = options.capture;
    this.#onClose = options.onClose;
    this.#queue = new FrameQueue(options.bounds ?? DEFAULT_BOUNDS);
    this.#linkUp = options.linkUp ?? true;
  }

  /** Frames that wait for the device. */
  get waiting(): number {
    return this.#queue.length;
  }

  get linkUp(): boolean {
    return this.#linkUp && !this.#closed;
  }

  setLink(up: boolean): void {
    if (this.#linkUp === up) return;
    this.#linkUp = up;
    this.#linkListener?.();
  }

  onLinkChange(listener: (() => void) | undefined): void {
    this.#linkListener = listener;
  }

  acceptOffloads(accepted: OffloadSet): void {
    this.#accepted = accepted;
  }

  send(frame: Uint8Array, offload?: FrameOffload): boolean {
    const outcome = this.linkUp && isAdmissible(frame, offload) ? this.#transmit(frame, offload) : 'refused';
    if (outcome === 'refused') this.counters.sendDrops++;
    else this.counters.countSent(frame);
    return outcome === 'sent';
  }

  onReceive(listener: FrameListener | undefined): void {
    this.#listener = listener;
    if (listener === undefined) this.#dropWaiting();
  }

  resume(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
        if (!this.#offer(next.frame, next.offload)) return;
        this.#queue.drop();
      }
    } finally {
      this.#draining = false;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dropWaiting();
    this.#listener = undefined;
    this.#linkListener = undefined;
    this.#capture?.close();
    this.#owner.closed();
    this.#onClose?.();
  }

  /** Gives the device a frame, or what replaces it on a wire; `false` when some of it was dropped. */
  deliver(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    if (this.#listener === undefined) {
      this.counters.receiveDrops++;
      return false;
    }
    if (accepts(this.#accepted, offload)) return this.#deliverOne(frame, offload);
    let complete = true;
    for (const wire of wireFrames(frame, offload)) complete = this.#deliverOne(wire, undefined) && complete;
    return complete;
  }

  #transmit(frame: Uint8Array, offload: FrameOffload | undefined): Transmission {
    if (this.#capture !== undefined) this.#record(frame, offload, 'out');
    return this.#owner.transmit(frame, offload);
  }

  #deliverOne(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    // Not past the ones that wait, and not into a listener that is at work further up the stack.
    const direct = !this.#draining && this.#queue.length === 0;
    if (direct && this.#offerDirectly(frame, offload)) return true;
    if (this.#queue.push(frame, offload)) return true;
    this.counters.receiveDrops++;
    return false;
  }

  #offerDirectly(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    this.#draining = true;
    try {
      if (!this.#offer(frame, offload)) return false;
    } finally {
      this.#draining = false;
    }
    // What came back while the listener was at work.
    this.resume();
    return true;
  }

  #offer(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    if (this.#listener?.(frame, offload) !== true) return false;
    this.counters.countReceived(frame);
    if (this.#capture !== undefined) this.#record(frame, offload, 'in');
    return true;
  }

  #record(frame: Uint8Array, offload: FrameOffload | undefined, direction: 'in' | 'out'): void {
    for (const wire of wireFrames(frame, offload)) this.#capture?.record(wire, direction);
  }

  #dropWaiting(): void {
    this.counters.receiveDrops += this.#queue.length;
    this.#queue.clear();
  }
}
