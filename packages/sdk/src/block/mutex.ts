/** Lets asynchronous work go on one at a time, in the order of asking. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // The next one waits for the end, whatever it was; the failure is the caller's to see.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
