import { requireUnsignedArray } from '@qvm/core/vdev';

/** Bytes that a device has sent and the guest has not read: one event and the answers to one command fit well. */
const MAX_OUTPUT = 32;
/** Events that wait on the host: a page of typed text, pressed and released. */
const MAX_EVENTS = 8192;

/**
 * Output of a PS/2 device: answers to commands at once, events one by one when the guest has read all. An
 * answer never comes in the middle of an event, and after one event at most.
 *
 * @internal
 */
export class OutputQueue {
  readonly #output: number[] = [];
  #events: (readonly number[])[] = [];
  #changed: () => void = () => undefined;

  /** Called when bytes came or went. One listener. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Bytes that the guest can read now. */
  get available(): number {
    return this.#output.length;
  }

  /** Events that wait on the host. */
  get waiting(): number {
    return this.#events.length;
  }

  /** Whether `count` more events fit. */
  hasRoom(count: number): boolean {
    return this.#events.length + count <= MAX_EVENTS;
  }

  /** The byte that `take` would give; 0 when there is none. */
  get next(): number {
    return this.#output[0] ?? 0;
  }

  /** Takes the oldest byte; 0 when there is none. */
  take(): number {
    const byte = this.#output.shift() ?? 0;
    this.#refill();
    this.#changed();
    return byte;
  }

  /** Answers a command. A guest that never reads loses what is too much. */
  respond(...bytes: readonly number[]): void {
    for (const byte of bytes) if (this.#output.length < MAX_OUTPUT) this.#output.push(byte);
    this.#changed();
  }

  /** Sends an event, of at most 8 bytes. The caller has checked `hasRoom`. */
  emit(event: readonly number[]): void {
    this.#events.push(event);
    this.#refill();
    this.#changed();
  }

  /** Forgets the events that wait. */
  dropEvents(): void {
    this.#events = [];
  }

  clear(): void {
    this.#output.length = 0;
    this.dropEvents();
    this.#changed();
  }

  /** Bytes that the guest can read; events on the host are not guest state. */
  toArray(): readonly number[] {
    return [...this.#output];
  }

  /** Checks what `toArray` gave. */
  decode(bytes: unknown): readonly number[] {
    return requireUnsignedArray(bytes, MAX_OUTPUT, 0xff, 'output');
  }

  /** Takes over what `decode` gave; events that wait belong to another state of the guest. */
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
