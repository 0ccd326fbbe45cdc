import { MAXIMUM_FRAME, MINIMUM_FRAME, type NetworkPort } from '@qvm/core/services';
import type { Virtqueue, VirtqueueBuffer } from '../device/virtio-device.js';
import { HEADER_BYTES, QUEUE_SIZE } from './constants.js';
import { headerBytes, readHeader } from './header.js';

/** Sends the frames of the transmit queue (VirtIO 1.2, 5.1.6.2). */
export class FrameSender {
  readonly #queue: Virtqueue;
  readonly #port: NetworkPort | undefined;
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #headerView = new DataView(this.#header.buffer);
  /** Frames are copied from guest RAM before they are examined, because another vCPU may be writing to it. */
  readonly #frame = new Uint8Array(MAXIMUM_FRAME);
  /** Number of malformed frames. */
  malformed = 0;

  constructor(queue: Virtqueue, port: NetworkPort | undefined) {
    this.#queue = queue;
    this.#port = port;
  }

  /**
   * Sends the available frames, at most a queue's size of them. The driver is not notified.
   *
   * @returns the number of buffers taken.
   */
  sendAll(features: bigint): number {
    for (let count = 0; count < QUEUE_SIZE; count++) {
      const buffer = this.#queue.pop();
      if (buffer === undefined) return count;
      if (!this.#send(buffer, features)) this.malformed++;
      this.#queue.push(buffer, 0);
    }
    return QUEUE_SIZE;
  }

  /** Returns whether it was a valid frame, which the network may still drop. */
  #send(buffer: VirtqueueBuffer, features: bigint): boolean {
    const header = headerBytes(features);
    const length = buffer.readable - header;
    if (length < MINIMUM_FRAME || length > MAXIMUM_FRAME) return false;
    buffer.read(0, this.#header.subarray(0, header));
    const offload = readHeader(this.#headerView, features);
    if (offload === 'malformed') return false;
    const frame = this.#frame.subarray(0, length);
    buffer.read(header, frame);
    this.#port?.send(frame, offload);
    return true;
  }
}
