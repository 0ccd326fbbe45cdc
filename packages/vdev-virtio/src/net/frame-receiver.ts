import type { FrameOffload } from '@qvm/core/services';
import type { Virtqueue, VirtqueueBuffer } from '../device/virtio-device.js';
import { HEADER_BYTES, QUEUE_SIZE } from './constants.js';
import { writeHeader } from './header.js';

/** Outcome of the delivery of a frame: `starved` means that the driver has no buffers for it now. */
export type Reception = 'received' | 'starved' | 'too large';

/** Puts frames into the buffers of the receive queue (VirtIO 1.2, 5.1.6.4). */
export class FrameReceiver {
  readonly #queue: Virtqueue;
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #headerView = new DataView(this.#header.buffer);

  constructor(queue: Virtqueue) {
    this.#queue = queue;
  }

  /** @param mergeable - whether a frame can take several buffers (MRG_RXBUF). */
  receive(frame: Uint8Array, offload: FrameOffload | undefined, mergeable: boolean): Reception {
    const buffers: VirtqueueBuffer[] = [];
    const outcome = this.#collect(HEADER_BYTES + frame.length, mergeable ? QUEUE_SIZE : 1, buffers);
    if (outcome !== 'received') {
      for (let buffer = buffers.pop(); buffer !== undefined; buffer = buffers.pop()) this.#queue.unpop(buffer);
      return outcome;
    }
    writeHeader(this.#headerView, frame, offload);
    this.#headerView.setUint16(10, buffers.length, true);
    this.#fill(buffers, frame);
    return 'received';
  }

  /** Takes as many buffers as a frame needs. The header must lie in the first one. */
  #collect(bytes: number, limit: number, buffers: VirtqueueBuffer[]): Reception {
    for (let room = 0; room < bytes;) {
      if (buffers.length === limit) return 'too large';
      const buffer = this.#queue.pop();
      if (buffer === undefined) return 'starved';
      buffers.push(buffer);
      room += buffer.writable;
      if (room < HEADER_BYTES) return 'too large';
    }
    return 'received';
  }

  #fill(buffers: readonly VirtqueueBuffer[], frame: Uint8Array): void {
    let done = 0;
    for (const [index, buffer] of buffers.entries()) {
      const header = index === 0 ? buffer.write(0, this.#header) : 0;
      const copied = buffer.write(header, frame.subarray(done));
      done += copied;
      this.#queue.push(buffer, header + copied);
    }
  }
}
