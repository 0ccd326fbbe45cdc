import type { FrameOffload } from '@qvm/core/services';

/** A queued frame. */
export interface QueuedFrame {
  readonly frame: Uint8Array;
  readonly offload: FrameOffload | undefined;
}

/**
 * Limits of the frames that wait for a slow receiver.
 *
 * @experimental
 */
export interface QueueBounds {
  /** Largest number of frames. */
  readonly frames: number;
  /** Largest number of bytes of frames. */
  readonly bytes: number;
}

/** The number of frames in the receive ring of a fast network card, and some tens of the largest frames. */
export const DEFAULT_BOUNDS: QueueBounds = { frames: 1024, bytes: 4 << 20 };

/** Frames in the order of arrival, copied, bounded in number and in bytes. */
export class FrameQueue {
  readonly #bounds: QueueBounds;
  /** Frames before `#first` have been taken: shifting an array would move all the others each time. */
  #frames: QueuedFrame[] = [];
  #first = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get length(): number {
    return this.#frames.length - this.#first;
  }

  /** Adds a copy; `false` when there is no room. */
  push(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    const { frames, bytes } = this.#bounds;
    if (this.length >= frames || this.#bytes + frame.length > bytes) return false;
    this.#bytes += frame.length;
    this.#frames.push({ frame: frame.slice(), offload });
    return true;
  }

  /** The oldest frame, which stays in the queue. */
  peek(): QueuedFrame | undefined {
    return this.#frames[this.#first];
  }

  /** Removes the oldest frame. */
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
