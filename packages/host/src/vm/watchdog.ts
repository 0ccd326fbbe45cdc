/**
 * Calls back every `milliseconds`, until the returned function is called.
 *
 * @experimental
 */
export type Every = (milliseconds: number, callback: () => void) => () => void;

/** Uses a timer that does not keep the process alive. */
const everyMilliseconds: Every = (milliseconds, callback) => {
  const timer = setInterval(callback, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
};

/**
 * Detects that another thread no longer answers. It counts unanswered requests rather than time: if this process was
 * suspended, the other thread gets the chance to answer first.
 */
export class Watchdog {
  readonly #ask: () => Promise<unknown>;
  readonly #bite: () => void;
  readonly #patience: () => number;
  readonly #stop: () => void;
  #unanswered = 0;

  /**
   * @param ask - sends a request to the other thread; the promise settles when it answers.
   * @param bite - called once if it does not answer.
   * @param periodMs - time between two checks.
   * @param patience - number of checks without an answer after which `bite` is called; a function is asked at each check.
   * @param every - schedules the checks.
   */
  constructor(
    ask: () => Promise<unknown>,
    bite: () => void,
    periodMs: number,
    patience: number | (() => number),
    every: Every = everyMilliseconds,
  ) {
    this.#ask = ask;
    this.#bite = bite;
    this.#patience = typeof patience === 'number' ? () => patience : patience;
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
    if (++this.#unanswered <= this.#patience()) return;
    this.stop();
    this.#bite();
  }
}
