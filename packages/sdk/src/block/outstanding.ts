/** Counts what goes on, so that closing can wait for its end. */
export class Outstanding {
  #count = 0;
  readonly #idle: (() => void)[] = [];

  /** Whether nothing goes on. */
  get none(): boolean {
    return this.#count === 0;
  }

  /** Passes the result of `work` on and counts it until it has settled. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
      if (this.#count === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Resolves when nothing goes on. */
  wait(): Promise<void> {
    return this.none ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}
