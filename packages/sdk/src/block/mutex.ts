/** Serializes asynchronous work, in the order of the calls. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // The next one waits for the end, whether it was a success or not; the caller handles the failure.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
