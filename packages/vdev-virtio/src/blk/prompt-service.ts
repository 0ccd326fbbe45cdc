import { hostNanoseconds } from '@qvm/core/host';
import { type BlockBackend, type BlockOperations, type BlockStep } from '@qvm/core/services';

/**
 * Nanoseconds of work from one turn of the host's event loop to the next: about the duration of a slice of the guest.
 */
export const PROMPT_NS = 2_000_000;
/**
 * After two operations that each took longer than {@link PROMPT_NS}, a disk is not tried again for this multiple of
 * the total duration of both.
 */
export const SLOW_FACTOR = 16;

/** Operations that have ended on return or return a promise. */
type MixedOperations = BlockOperations<void | Promise<void>>;

/**
 * Reads and writes a disk's file while the guest is stopped, if the host's page cache answers: this takes a few
 * microseconds, while the way through the event loop takes some hundreds. The rest of the thread, including other VMs,
 * is never delayed for long: work between two turns of the event loop is bounded, and a disk that proves slow uses the
 * event loop for a while. A single slow operation proves nothing, because the host may have given the processor to
 * another task meanwhile.
 */
export class PromptService {
  readonly #mixed: ((disk: BlockBackend) => MixedOperations) | undefined;
  readonly #now: () => number;
  #spent = 0;
  #slowUntil = -Infinity;
  /** The last slow operation: its duration, and the time until which another one proves that the disk is slow. */
  #slow = { took: 0, until: -Infinity };

  /** @param now - host time in nanoseconds, replaced in tests. */
  constructor({ prompt, sync }: BlockBackend, now: () => number = hostNanoseconds) {
    this.#now = now;
    if (prompt !== true || sync === undefined) return;
    this.#mixed = (disk) => ({
      read: (offset, into) => sync.read(offset, into),
      write: (offset, from) => sync.write(offset, from),
      // These operations wait for the storage, or change tables of any length.
      flush: () => disk.flush(),
      discard: (offset, length) => disk.discard(offset, length),
      writeZeroes: (offset, length, unmap) => disk.writeZeroes(offset, length, unmap),
    });
  }

  /** Must be called when the event loop has had its turn. */
  refill(): void {
    this.#spent = 0;
  }

  /**
   * Performs a step, synchronously if that is allowed.
   *
   * @param quiet - whether no other operation is in progress at the disk, because its two ways must not be mixed.
   * @returns `undefined` if the step has ended. An exception is the disk's error.
   */
  perform(step: BlockStep, quiet: boolean): void | Promise<void> {
    const mixed = this.#mixed;
    if (mixed === undefined || !quiet || this.#spent >= PROMPT_NS) return step((disk) => disk);
    const start = this.#now();
    if (start < this.#slowUntil) return step((disk) => disk);
    try {
      return step(mixed);
    } finally {
      this.#note(start);
    }
  }

  #note(start: number): void {
    const end = this.#now();
    const took = end - start;
    this.#spent += took;
    if (took <= PROMPT_NS) return;
    const again = start < this.#slow.until;
    const rest = SLOW_FACTOR * (took + (again ? this.#slow.took : 0));
    if (again) this.#slowUntil = end + rest;
    this.#slow = { took, until: end + rest };
  }
}
