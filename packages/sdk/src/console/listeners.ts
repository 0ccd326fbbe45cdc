import type { Disposable } from '@qvm/core';

/** The listeners of one event, called in the order in which they were added. */
export class Listeners<E> {
  readonly #listeners = new Set<(event: E) => void>();

  get count(): number {
    return this.#listeners.size;
  }

  add(listener: (event: E) => void): Disposable {
    // A new function each time, because the same listener may be added twice.
    const entry = (event: E): void => listener(event);
    this.#listeners.add(entry);
    return { dispose: () => void this.#listeners.delete(entry) };
  }

  call(event: E): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
