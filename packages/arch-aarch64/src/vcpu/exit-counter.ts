/**
 * Guest exits by cause.
 *
 * @experimental
 */
export class ExitCounter {
  readonly #counts: Record<string, number> = {};

  count(cause: string): void {
    this.#counts[cause] = (this.#counts[cause] ?? 0) + 1;
  }

  /** Counts so far, by cause. */
  totals(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }
}
