import type { FrameOffload } from '@qvm/core/services';
import type { Virtqueue, VirtqueueBuffer } from '../device/virtio-device.js';
import { F_MRG_RXBUF, HEADER_BYTES, QUEUE_SIZE } from './constants.js';
import { headerBytes, writeHeader } from './header.js';

/** Result of the delivery of a frame: `starved` means that the driver has no buffers for it now. */
export type Reception = 'received' | 'starved' | 'too large';

/** Writes frames to the buffers of the receive queue (VirtIO 1.2, 5.1.6.4). */
export class FrameReceiver {
  readonly #queue: Virtqueue;
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #headerView = new DataView(this.#header.buffer);

  constructor(queue: Virtqueue) {
    this.#queue = queue;
  }

  /** @param features - negotiated features; with MRG_RXBUF a frame can use several buffers. */
  receive(frame: Uint8Array, offload: FrameOffload | undefined, features: bigint): Reception {
    const buffers: VirtqueueBuffer[] = [];
    const header = this.#header.subarray(0, headerBytes(features));
    const outcome = this.#collect(header.length, frame.length, (features & F_MRG_RXBUF) !== 0n, buffers);
    if (outcome !== 'received') {
      for (let buffer = buffers.pop(); buffer !== undefined; buffer = buffers.pop()) this.#queue.unpop(buffer);
      return outcome;
    }
    writeHeader(this.#headerView, frame, offload);
    this.#headerView.setUint16(10, buffers.length, true);
    this.#fill(buffers, header, frame);
    return 'received';
  }

  /** Takes as many buffers as a frame needs. The header must fit into the first one. */
  #collect(header: number, frame: number, mergeable: boolean, buffers: VirtqueueBuffer[]): Reception {
    const limit = mergeable ? QUEUE_SIZE : 1;
    for (let room = 0; room < header + frame;) {
      if (buffers.length === limit) return 'too large';
      const buffer = this.#queue.pop();
      if (buffer === undefined) return 'starved';
      buffers.push(buffer);
      room += buffer.writable;
      if (room < header) return 'too large';
    }
    return 'received';
  }

  #fill(buffers: readonly VirtqueueBuffer[], header: Uint8Array, frame: Uint8Array): void {
    let done = 0;
    for (const [index, buffer] of buffers.entries()) {
      const before = index === 0 ? buffer.write(0, header) : 0;
      const copied = buffer.write(before, frame.subarray(done));
      done += copied;
      this.#queue.push(buffer, before + copied);
    }
  }
}
