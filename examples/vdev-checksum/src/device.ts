import { requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { VirtioContext, VirtioDevice, VirtqueueBuffer } from '@qvm/vdev-virtio';
import { crc32 } from './crc32.js';

const ANSWER_BYTES = 4;

/** One device of one VM. */
export class ChecksumDevice implements VirtioDevice {
  readonly features = 0n;
  readonly configSize: number;
  readonly #context: VirtioContext;
  readonly #config: DataView;
  readonly #answer = new Uint8Array(ANSWER_BYTES);
  readonly #most: number;
  #answered = 0;

  /** @param most - bytes of the longest request that is answered. */
  constructor(context: VirtioContext, most: number) {
    this.#context = context;
    this.#most = most;
    this.#config = new DataView(new ArrayBuffer(4));
    this.#config.setUint32(0, most, true);
    this.configSize = this.#config.byteLength;
  }

  readConfig(offset: number, width: 1 | 2 | 4): number {
    if (width === 1) return this.#config.getUint8(offset);
    return width === 2 ? this.#config.getUint16(offset, true) : this.#config.getUint32(offset, true);
  }

  start(): void {
    // Requests come with a kick.
  }

  /** Takes all requests: a driver need not kick again for those that it added meanwhile. */
  kicked(): void {
    const [requests] = this.#context.queues;
    if (requests === undefined) return;
    for (let buffer = requests.pop(); buffer !== undefined; buffer = requests.pop()) {
      requests.push(buffer, this.#serve(buffer));
    }
    requests.notify();
  }

  reset(): void {
    this.#answered = 0;
  }

  save(): Json {
    return { answered: this.#answered };
  }

  /** A snapshot may come from anywhere: all of it is checked before anything changes. */
  restore(state: Json): void {
    const { answered } = requireObject(state, ['answered'], 'state');
    this.#answered = requireUnsigned(answered, Number.MAX_SAFE_INTEGER, 'answered');
  }

  status(): Readonly<Record<string, Json>> {
    return { answered: this.#answered };
  }

  dispose(): void {
    // Nothing of the host is held.
  }

  /** Returns how many bytes were written. Where the buffer lies was checked; what is in it, and how much, was not. */
  #serve(buffer: VirtqueueBuffer): number {
    if (buffer.readable > this.#most || buffer.writable < ANSWER_BYTES) return 0;
    const sum = buffer.readViews(0, buffer.readable).reduce((sum, view) => crc32(view, sum), 0);
    new DataView(this.#answer.buffer).setUint32(0, sum, true);
    this.#answered++;
    return buffer.write(0, this.#answer);
  }
}
