import { requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { Virtqueue } from '../device/virtio-device.js';
import { CONTROL_HEADER_BYTES, decodeMessage } from './control-message.js';
import type { ControlMessage } from './control-message.js';

/** Longest message; names of ports are limited by their option. */
export const MOST_MESSAGE_BYTES = 256;

/**
 * The two control queues. Messages for the driver wait until it has room; while any wait, no message is taken from the
 * driver, so that it cannot make them accumulate.
 */
export class ControlQueues {
  readonly #receive: Virtqueue;
  readonly #transmit: Virtqueue;
  readonly #limit: number;
  readonly #handle: (message: ControlMessage) => void;
  readonly #header = new Uint8Array(CONTROL_HEADER_BYTES);
  #waiting: Uint8Array[] = [];

  /**
   * @param limit - largest number of waiting messages: those that answer one message, and unsolicited ones.
   * @param handle - processes a message from the driver.
   */
  constructor(
    queues: { readonly receive: Virtqueue; readonly transmit: Virtqueue },
    limit: number,
    handle: (message: ControlMessage) => void,
  ) {
    this.#receive = queues.receive;
    this.#transmit = queues.transmit;
    this.#limit = limit;
    this.#handle = handle;
  }

  /** Sends a message; replaces a waiting one with the same port and event. */
  post(message: Uint8Array): void {
    const same = this.#waiting.findIndex((other) => subjectOf(other) === subjectOf(message));
    if (same >= 0) this.#waiting[same] = message;
    else this.#waiting.push(message);
  }

  /** Transfers messages in both directions as long as there are messages and room for them. */
  run(): void {
    this.#deliver();
    while (this.#waiting.length === 0) {
      const buffer = this.#transmit.pop();
      if (buffer === undefined) break;
      const whole = buffer.read(0, this.#header) === CONTROL_HEADER_BYTES;
      this.#transmit.push(buffer, 0);
      if (whole) this.#handle(decodeMessage(this.#header));
      this.#deliver();
    }
    this.#receive.notify();
    this.#transmit.notify();
  }

  reset(): void {
    this.#waiting = [];
  }

  save(): Json {
    return this.#waiting.map((message) => [...message]);
  }

  /**
   * Validates the result of `save`.
   *
   * @throws VdevStateError
   */
  decode(state: unknown): readonly Uint8Array[] {
    if (!Array.isArray(state) || state.length > this.#limit) {
      throw new VdevStateError(`waiting messages are not an array of at most ${this.#limit}`);
    }
    return Array.from({ length: state.length }, (_, index) => {
      const bytes = requireUnsignedArray((state as readonly unknown[])[index], MOST_MESSAGE_BYTES, 0xff, 'message');
      if (bytes.length < CONTROL_HEADER_BYTES) throw new VdevStateError('a waiting message is too short');
      return Uint8Array.from(bytes);
    });
  }

  load(waiting: readonly Uint8Array[]): void {
    this.#waiting = [...waiting];
  }

  #deliver(): void {
    for (let [message] = this.#waiting; message !== undefined; [message] = this.#waiting) {
      const buffer = this.#receive.pop();
      if (buffer === undefined) return;
      this.#receive.push(buffer, buffer.write(0, message));
      this.#waiting.shift();
    }
  }
}

/** Port and event of a message, as one number. */
function subjectOf(message: Uint8Array): number {
  const { port, event } = decodeMessage(message);
  return port * 2 ** 16 + event;
}
