import type { FrameOffload } from '@qvm/core/services';

/** A frame that waits. */
export interface QueuedFrame {
  readonly frame: Uint8Array;
  readonly offload: FrameOffload | undefined;
}

/**
 * How much may wait for a slow receiver.
 *
 * @experimental
 */
export interface QueueBounds {
  /** Most frames that wait. */
  readonly frames: number;
  /** Most bytes of frames that wait. */
  readonly bytes: number;
}

/** As many frames as the receive ring of a fast network card has, and some tens of the largest ones. */
export const DEFAULT_BOUNDS: QueueBounds = { frames: 1024, bytes: 4 << 20 };

/** Frames in the order of arrival, copied, bounded in number and in bytes. */
export class FrameQueue {
  readonly #bounds: QueueBounds;
  /** Those before `#first` were taken already: shifting an array would move all the others each time. */
  #frames: QueuedFrame[] = [];
  #first = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get length(): number {
    return this.#frames.length - this.#first;
  }

  /** Keeps a copy; `false` when there is no room. */
  push(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    const { frames, bytes } = this.#bounds;
    if (this.length >= frames || this.#bytes + frame.length > bytes) return false;
    this.#bytes += frame.length;
    this.#frames.push({ frame: frame.slice(), offload });
    return true;
  }

  /** The oldest frame; it stays. */
  peek(): QueuedFrame | undefined {
    return this.#frames[this.#first];
  }

  /** Lets the oldest frame go. */
  drop(): void {
    const oldest = this.peek();
    if (oldest === undefined) return;
    this.#bytes -= oldest.frame.length;
    this.#first++;
    if (this.#first < this.#bounds.frames && this.length > 0) return;
    this.#frames = this.#frames.slice(this.#first);
    this.#first = 0;
  }

  clear(): void {
    this.#frames = [];
    this.#first = 0;
    this.#bytes = 0;
  }
}
