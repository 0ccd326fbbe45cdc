/**
 * Calls back each time that `milliseconds` have passed, until the function that it returns is called.
 *
 * @experimental
 */
export type Every = (milliseconds: number, callback: () => void) => () => void;

/** By a timer that does not keep the process alive. */
const everyMilliseconds: Every = (milliseconds, callback) => {
  const timer = setInterval(callback, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
};

/**
 * Notices that another thread does not answer any more. It counts unanswered questions, not time: when this process itself
 * was suspended, the other thread gets its turn before anything is held against it.
 */
export class Watchdog {
  readonly #ask: () => Promise<unknown>;
  readonly #bite: () => void;
  readonly #patience: number;
  readonly #stop: () => void;
  #unanswered = 0;

  /**
   * @param ask - asks the other thread; resolves or rejects when it answers.
   * @param bite - called once when it does not.
   * @param periodMs - time between two looks.
   * @param patience - looks without an answer that are too many.
   * @param every - calls back again and again.
   */
  constructor(
    ask: () => Promise<unknown>,
    bite: () => void,
    periodMs: number,
    patience: number,
    every: Every = everyMilliseconds,
  ) {
    this.#ask = ask;
    this.#bite = bite;
    this.#patience = patience;
    this.#stop = every(periodMs, () => this.#look());
  }

  stop(): void {
    this.#stop();
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
