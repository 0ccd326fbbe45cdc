import type { VdevContext } from '@qvm/core/vdev';
import type { Virtqueue } from '../device/virtio-device.js';
import { QUEUE_SIZE } from './constants.js';
import type { FrameSender } from './frame-sender.js';

/** What a {@link Transmitter} needs of its device. */
export interface TransmitterContext {
  readonly vdev: VdevContext;
  /** The transmit queue. */
  readonly queue: Virtqueue;
  readonly sender: FrameSender;
  /** Negotiated; `undefined` while the driver has not started the device. */
  features(): bigint | undefined;
}

/**
 * Decides when frames are sent and the driver hears of it. A kick sends at once. Then, until a turn of the guest brings nothing new,
 * each turn's end sends what there is, with one interrupt for all of it: a driver that sends frame after frame neither kicks nor is
 * interrupted for each. A turn ends when the guest waits, so nobody waits for it.
 *
 * With virtual time by instructions, where turns end would depend on the host's speed: there all is done at the kick.
 */
export class Transmitter {
  readonly #context: TransmitterContext;
  readonly #polls: boolean;
  #posted = false;

  constructor(context: TransmitterContext) {
    this.#context = context;
    this.#polls = context.vdev.clock.kind !== 'icount';
  }

  /** Also after a restore: the saved device may have owed its driver an interrupt, and wanted no kicks. */
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
      // Frames that came before the driver saw that kicks are wanted bring none.
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
