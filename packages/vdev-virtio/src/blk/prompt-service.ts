import { hostNanoseconds } from '@qvm/core/host';
import { type BlockBackend, type BlockOperations, type BlockStep } from '@qvm/core/services';

/** Nanoseconds of work, from one turn of the host's event loop to the next: about what a slice of the guest takes. */
export const PROMPT_NS = 2_000_000;
/** A disk that took longer than {@link PROMPT_NS} for each of two operations is not tried again for this multiple of the time that both took. */
export const SLOW_FACTOR = 16;

/** Operations that are over on return, or continue in a promise. */
type MixedOperations = BlockOperations<void | Promise<void>>;

/**
 * Reads and writes a disk's file while the guest stands still, where the host's page cache answers: that takes a few microseconds, and
 * the way through the event loop some hundreds. The rest of the thread, other VMs included, is never held up for long: work is
 * bounded between two turns of the event loop, and a disk that turns out to be slow goes by the event loop for a while. One slow operation
 * shows nothing: the host may have given the processor to somebody else meanwhile.
 */
export class PromptService {
  readonly #mixed: ((disk: BlockBackend) => MixedOperations) | undefined;
  readonly #now: () => number;
  #spent = 0;
  #slowUntil = -Infinity;
  /** The last slow operation: how long it took, and until when another one shows that the disk is slow. */
  #slow = { took: 0, until: -Infinity };

  /** @param now - host time in nanoseconds; replaced in tests. */
  constructor({ prompt, sync }: BlockBackend, now: () => number = hostNanoseconds) {
    this.#now = now;
    if (prompt !== true || sync === undefined) return;
    this.#mixed = (disk) => ({
      read: (offset, into) => sync.read(offset, into),
      write: (offset, from) => sync.write(offset, from),
      // These wait for the storage, or change tables of any length.
      flush: () => disk.flush(),
      discard: (offset, length) => disk.discard(offset, length),
      writeZeroes: (offset, length, unmap) => disk.writeZeroes(offset, length, unmap),
    });
  }

  /** The event loop had its turn. */
  refill(): void {
    this.#spent = 0;
  }

  /**
   * Performs a step, at once if it may be.
   *
   * @param quiet - nothing else is under way at the disk: only then may its two ways be mixed.
   * @returns `undefined` when it is done. What it throws, the disk failed with.
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
