import { NO_OFFLOADS } from '@qvm/core/services';
import type { FrameListener, FrameOffload, NetworkPort, OffloadSet } from '@qvm/core/services';
import type { CaptureSink } from '../capture/capture-sink.js';
import { isAdmissible } from '../offload/check-offload.js';
import { accepts, wireFrames } from '../offload/lower-offloads.js';
import { DEFAULT_BOUNDS, FrameQueue, type QueueBounds } from './frame-queue.js';
import { PortCounters } from './port-counters.js';

/** The result of passing a frame to the network. */
export type Transmission = 'sent' | 'refused' | 'full';

/** The owner of a port: a switch, a cable. */
export interface PortOwner {
  /** Forwards an admissible frame that the device has sent. */
  transmit(frame: Uint8Array, offload: FrameOffload | undefined): Transmission;
  closed(): void;
}

/** Options of a port; all have defaults. */
export interface PortOptions {
  /** Limits of the frames that wait for the device. */
  readonly bounds?: QueueBounds;
  /** Records the frames that the device sends and receives; closed with the port. */
  readonly capture?: CaptureSink | undefined;
  /** Default `true`. */
  readonly linkUp?: boolean;
  /** Called once when the port has been closed. */
  readonly onClose?: (() => void) | undefined;
}

/**
 * The network's side of a device's port: checks the frames that the device sends, queues those that it cannot accept
 * yet, and performs offloads that it does not support.
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

  /** Number of frames that wait for the device. */
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

  /** Delivers a frame to the device, or the wire frames that replace it; `false` if some of it was dropped. */
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
    // Frames must not overtake queued ones, nor enter a listener that is active further up the stack.
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
    // Delivers frames that arrived while the listener was active.
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
