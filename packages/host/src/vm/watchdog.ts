/**
 * Notices that another thread does not answer any more. It counts unanswered questions, not time: when this process itself
 * was suspended, the other thread gets its turn before anything is held against it.
 */
export class Watchdog {
  readonly #ask: () => Promise<unknown>;
  readonly #bite: () => void;
  readonly #patience: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #unanswered = 0;

  /**
   * @param ask - asks the other thread; resolves or rejects when it answers.
   * @param bite - called once when it does not.
   * @param periodMs - time between two looks.
   * @param patience - looks without an answer that are too many.
   */
  constructor(ask: () => Promise<unknown>, bite: () => void, periodMs: number, patience: number) {
    this.#ask = ask;
    this.#bite = bite;
    this.#patience = patience;
    this.#timer = setInterval(() => this.#look(), periodMs);
    // What is watched keeps the process alive, or not.
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#unanswered === 0) {
      const answered = (): void => {
        this.#unanswered = 0;
      };
      this.#ask().then(answered, answered);
    }
    if (++this.#unanswered <= this.#patience) return;
    this.stop();
    this.#bite();
  }
}
