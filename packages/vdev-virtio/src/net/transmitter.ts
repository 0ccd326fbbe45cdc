import type { VdevContext } from '@qvm/core/vdev';
import type { Virtqueue } from '../device/virtio-device.js';
import { QUEUE_SIZE } from './constants.js';
import type { FrameSender } from './frame-sender.js';

/** The device's services for a {@link Transmitter}. */
export interface TransmitterContext {
  readonly vdev: VdevContext;
  /** The transmit queue. */
  readonly queue: Virtqueue;
  readonly sender: FrameSender;
  /** Negotiated features; `undefined` while the driver has not started the device. */
  features(): bigint | undefined;
}

/**
 * Decides when frames are sent and the driver is notified. A kick sends at once. Afterwards, the end of each turn of
 * the guest sends the available frames with one interrupt for all, until a turn adds no frames: a driver that sends
 * many frames neither kicks nor is interrupted for each. A turn ends when the guest waits, so this adds no delay.
 *
 * With virtual time by instructions, the ends of turns would depend on the host's speed, so everything is done at the
 * kick.
 */
export class Transmitter {
  readonly #context: TransmitterContext;
  readonly #polls: boolean;
  #posted = false;

  constructor(context: TransmitterContext) {
    this.#context = context;
    this.#polls = context.vdev.clock.kind !== 'icount';
  }

  /** Also called after a restore: the saved device may have owed its driver an interrupt, and disabled kicks. */
  kicked(): void {
    if (!this.#polls) this.#context.queue.wantKicks(true);
    const sent = this.#sendAll();
    if (!this.#polls) this.#context.queue.notify();
    if (this.#polls || sent === QUEUE_SIZE) this.#pollLater();
  }

  #pollLater(): void {
    if (this.#posted) return;
    this.#posted = true;
    if (this.#polls) this.#context.queue.wantKicks(false);
    this.#context.vdev.post(() => {
      this.#posted = false;
      this.#poll();
    });
  }

  #poll(): void {
    const { queue } = this.#context;
    let sent = this.#sendAll();
    if (sent === 0) {
      queue.wantKicks(true);
      // Frames that were added before the driver saw the request for kicks cause none.
      sent = this.#sendAll();
    }
    queue.notify();
    if (sent > 0) this.#pollLater();
  }

  #sendAll(): number {
    const { sender, features } = this.#context;
    const accepted = features();
    return accepted === undefined ? 0 : sender.sendAll(accepted);
  }
}
