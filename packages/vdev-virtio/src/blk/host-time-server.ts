import type { VdevContext } from '@qvm/core';
import { BounceBuffers } from './bounce-buffers.js';
import type { Flight, RequestSource } from './request-source.js';
import type { RequestServer } from './request-server.js';

/**
 * Serves many requests at once, as fast as the host can. All work on guest memory is done in tasks of the VM's thread.
 */
export class HostTimeServer implements RequestServer {
  readonly #context: VdevContext;
  readonly #source: RequestSource;
  readonly #buffers = new BounceBuffers();
  readonly #flights = new Set<Flight>();
  /**
   * Requests from before a reset that the host still works on. New ones wait for their end: an old write that ends after a new one would undo it.
   */
  #stale = 0;
  /** Who waits for the end of all requests. */
  #quiescing: (() => void)[] = [];

  constructor(context: VdevContext, source: RequestSource) {
    this.#context = context;
    this.#source = source;
  }

  get outstanding(): number {
    return this.#flights.size + this.#stale;
  }

  serve(): void {
    while (this.#stale === 0) {
      const bounce = this.#buffers.take();
      if (bounce === undefined) return;
      const flight = this.#source.next(bounce);
      if (flight === undefined) {
        this.#buffers.giveBack(bounce);
        return;
      }
      this.#flights.add(flight);
      this.#advance(flight, flight.procedure.next());
    }
  }

  /** Requests that wait for their turn are served too. */
  quiesce(): Promise<void> {
    return new Promise((resolve) => {
      this.#quiescing.push(resolve);
      this.#tellIfQuiet();
    });
  }

  reset(): void {
    this.#stale += this.#flights.size;
    this.#flights.clear();
  }

  dispose(): void {
    this.reset();
  }

  #advance(flight: Flight, step: ReturnType<Flight['procedure']['next']>): void {
    if (step.done === true) {
      this.#flights.delete(flight);
      this.#buffers.giveBack(flight.bounce);
      this.#source.finish(flight, step.value);
      return;
    }
    const { procedure } = flight;
    step
      .value((disk) => disk)
      .then(
        () => this.#settled(flight, () => procedure.next()),
        (error: unknown) => this.#settled(flight, () => procedure.throw(error)),
      );
  }

  /** The host ended one step of a request. */
  #settled(flight: Flight, goOn: () => ReturnType<Flight['procedure']['next']>): void {
    this.#context.post(() => {
      if (this.#flights.has(flight)) this.#advance(flight, goOn());
      else this.#forget(flight);
      this.serve();
      this.#tellIfQuiet();
    });
  }

  #tellIfQuiet(): void {
    if (this.outstanding > 0) return;
    const waiting = this.#quiescing;
    this.#quiescing = [];
    for (const resolve of waiting) resolve();
  }

  #forget(flight: Flight): void {
    this.#stale--;
    this.#buffers.giveBack(flight.bounce);
  }
}
