import { requireUnsignedArray } from '@qvm/core/vdev';

/**
 * Largest number of bytes that a device has sent and the guest has not read: more than one event and the answers to
 * one command.
 */
const MAX_OUTPUT = 32;
/** Largest number of events that wait on the host: a page of typed text, pressed and released. */
const MAX_EVENTS = 8192;

/**
 * Output of a PS/2 device: answers to commands are sent at once, events one by one when the guest has read everything.
 * An answer never comes in the middle of an event, and waits for one event at most.
 *
 * @internal
 */
export class OutputQueue {
  readonly #output: number[] = [];
  #events: (readonly number[])[] = [];
  #changed: () => void = () => undefined;

  /** Sets the listener that is called when bytes were added or removed. One listener. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Number of bytes that the guest can read now. */
  get available(): number {
    return this.#output.length;
  }

  /** Number of events that wait on the host. */
  get waiting(): number {
    return this.#events.length;
  }

  /** Whether `count` more events fit. */
  hasRoom(count: number): boolean {
    return this.#events.length + count <= MAX_EVENTS;
  }

  /** The byte that `take` would return; 0 when there is none. */
  get next(): number {
    return this.#output[0] ?? 0;
  }

  /** Removes and returns the oldest byte; 0 when there is none. */
  take(): number {
    const byte = this.#output.shift() ?? 0;
    this.#refill();
    this.#changed();
    return byte;
  }

  /** Answers a command. A guest that does not read loses the bytes that exceed the limit. */
  respond(...bytes: readonly number[]): void {
    for (const byte of bytes) if (this.#output.length < MAX_OUTPUT) this.#output.push(byte);
    this.#changed();
  }

  /** Sends an event of at most 8 bytes. The caller must have checked `hasRoom`. */
  emit(event: readonly number[]): void {
    this.#events.push(event);
    this.#refill();
    this.#changed();
  }

  /** Discards the events that wait. */
  dropEvents(): void {
    this.#events = [];
  }

  clear(): void {
    this.#output.length = 0;
    this.dropEvents();
    this.#changed();
  }

  /** Bytes that the guest can read. Events that wait on the host are not part of the guest's state. */
  toArray(): readonly number[] {
    return [...this.#output];
  }

  /** Validates the result of `toArray`. */
  decode(bytes: unknown): readonly number[] {
    return requireUnsignedArray(bytes, MAX_OUTPUT, 0xff, 'output');
  }

  /** Restores the result of `decode`, and discards waiting events, which belong to another state of the guest. */
  load(bytes: readonly number[]): void {
    this.dropEvents();
    this.#output.splice(0, Infinity, ...bytes);
    this.#changed();
  }

  #refill(): void {
    if (this.#output.length !== 0) return;
    const event = this.#events.shift();
    if (event !== undefined) this.#output.push(...event);
  }
}
