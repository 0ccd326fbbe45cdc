/** Counts outstanding work, so that closing can wait for it. */
export class Outstanding {
  #count = 0;
  readonly #idle: (() => void)[] = [];

  /** Whether no work is outstanding. */
  get none(): boolean {
    return this.#count === 0;
  }

  /** Returns the result of `work`, and counts it as outstanding until it has settled. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
      if (this.#count === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Resolves when no work is outstanding. */
  wait(): Promise<void> {
    return this.none ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}
