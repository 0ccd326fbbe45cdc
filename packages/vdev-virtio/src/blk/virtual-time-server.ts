import { performSync } from '@qvm/core/services';
import { type ClockTimer, type VdevContext } from '@qvm/core/vdev';
import { BOUNCE_BYTES } from './bounce-buffers.js';
import type { RequestSource } from './request-source.js';
import type { RequestServer } from './request-server.js';

/** Virtual time from one request to the next, about that of a fast disk. */
export const REQUEST_NS = 20_000;

/**
 * Serves one request after the other, each at a virtual time that depends on the guest's instructions only. The host
 * performs it while the guest is stopped, so that a run repeats exactly.
 */
export class VirtualTimeServer implements RequestServer {
  readonly outstanding = 0;
  readonly #context: VdevContext;
  readonly #source: RequestSource;
  readonly #timer: ClockTimer;
  readonly #bounce = new Uint8Array(BOUNCE_BYTES);

  constructor(context: VdevContext, source: RequestSource) {
    this.#context = context;
    this.#source = source;
    this.#timer = context.clock.createTimer(`${context.name} request`, () => this.#serveOne());
  }

  serve(): void {
    if (this.#timer.deadline === undefined) this.#timer.arm(this.#context.clock.now() + REQUEST_NS);
  }

  /** Nothing to wait for: the host never works on a request while the guest is not running. */
  quiesce(): Promise<void> {
    return Promise.resolve();
  }

  reset(): void {
    this.#timer.cancel();
  }

  dispose(): void {
    this.#timer.dispose();
  }

  #serveOne(): void {
    const flight = this.#source.next(this.#bounce);
    if (flight === undefined) return;
    this.#source.finish(flight, performSync(flight.procedure));
    this.serve();
  }
}
