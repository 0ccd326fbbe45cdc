import { SHARED_MEMORY_CLIENTS } from '@qvm/core/services';

const ALL = 2 ** SHARED_MEMORY_CLIENTS - 1;
/** Word 0 has the attached clients; then each client has a word of pending notifications. */
const FIRST_PENDING = 1;
const WORDS = FIRST_PENDING + SHARED_MEMORY_CLIENTS;

/**
 * Attached clients and pending notifications, in words after a region's bytes that no guest can access. Any thread may
 * use them at any time.
 */
export class RegionSignals {
  /** Size of the words in bytes. */
  static readonly bytes = WORDS * 4;
  readonly #words: Int32Array;

  constructor(buffer: ArrayBufferLike, offset: number) {
    this.#words = new Int32Array(buffer, offset, WORDS);
  }

  get active(): number {
    return Atomics.load(this.#words, 0) & ALL;
  }

  pending(client: number): number {
    return Atomics.load(this.#words, FIRST_PENDING + client) & ALL;
  }

  take(client: number): number {
    return Atomics.exchange(this.#words, FIRST_PENDING + client, 0) & ALL;
  }

  join(client: number): void {
    Atomics.store(this.#words, FIRST_PENDING + client, 0);
    Atomics.or(this.#words, 0, 1 << client);
  }

  leave(client: number): void {
    Atomics.and(this.#words, 0, ~(1 << client));
  }

  /**
   * Sets the sender's bit for each attached target.
   *
   * @returns the targets that had no pending notification; the others are being woken already.
   */
  notify(sender: number, targets: number): number {
    let wake = 0;
    for (let client = 0; client < SHARED_MEMORY_CLIENTS; client++) {
      if ((targets & this.active & (1 << client)) === 0) continue;
      const before = Atomics.or(this.#words, FIRST_PENDING + client, 1 << sender);
      if ((before & ALL) === 0) wake |= 1 << client;
    }
    return wake;
  }
}
