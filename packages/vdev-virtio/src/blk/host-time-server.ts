import type { BlockBackend } from '@qvm/core/services';
import type { VdevContext } from '@qvm/core/vdev';
import { BounceBuffers } from './bounce-buffers.js';
import { PromptService } from './prompt-service.js';
import type { Flight, RequestSource } from './request-source.js';
import type { RequestServer } from './request-server.js';

type Step = ReturnType<Flight['procedure']['next']>;
type PendingStep = Extract<Step, { done?: false }>;

/**
 * Serves requests as fast as the host can: at once if the host's page cache answers, otherwise many at a time. All
 * work on guest memory is done on the VM's thread.
 */
export class HostTimeServer implements RequestServer {
  readonly #context: VdevContext;
  readonly #source: RequestSource;
  readonly #prompt: PromptService;
  readonly #buffers = new BounceBuffers();
  readonly #flights = new Set<Flight>();
  /**
   * Number of requests from before a reset on which the host still works. New requests wait for their end, because an
   * old write that ends after a new one would undo it.
   */
  #stale = 0;
  /** Callbacks that wait for the end of all requests. */
  #quiescing: (() => void)[] = [];

  constructor(context: VdevContext, source: RequestSource, disk: BlockBackend) {
    this.#context = context;
    this.#source = source;
    this.#prompt = new PromptService(disk);
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

  /** Also serves requests that wait for their turn. */
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

  /** Continues a request, to its end or to a step that takes time. */
  #advance(flight: Flight, step: Step): void {
    let next: Step | undefined = step;
    while (next !== undefined && next.done !== true) next = this.#begin(flight, next);
    if (next === undefined) return;
    this.#flights.delete(flight);
    this.#buffers.giveBack(flight.bounce);
    this.#source.finish(flight, next.value);
  }

  /** Starts a step; returns the next one if it has ended on return. */
  #begin(flight: Flight, step: PendingStep): Step | undefined {
    const { procedure } = flight;
    let pending: void | Promise<void>;
    try {
      pending = this.#prompt.perform(step.value, this.outstanding === 1);
    } catch (error) {
      return procedure.throw(error);
    }
    if (pending === undefined) return procedure.next();
    pending.then(
      () => this.#settled(flight, () => procedure.next()),
      (error: unknown) => this.#settled(flight, () => procedure.throw(error)),
    );
    return undefined;
  }

  /** Called when the host has completed one step of a request. */
  #settled(flight: Flight, goOn: () => Step): void {
    this.#prompt.refill();
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
