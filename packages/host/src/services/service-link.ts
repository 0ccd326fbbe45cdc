import { receiveMessageOnPort, type Transferable } from 'node:worker_threads';
import { QvmError } from '@qvm/core';
import type { ServiceAnswer, ServiceEvent, ServiceLinkParts, ServiceRequest } from './service-messages.js';

/** Time-out for an answer of the host. */
const TIMEOUT_MS = 30_000;

/** The connection to one service. */
export interface ServiceChannel {
  /**
   * Calls the service and waits for the answer without returning to the event loop, because vdevs are created
   * synchronously.
   *
   * @throws QvmError `host.no-answer`
   */
  call(body: unknown): unknown;
  note(body: unknown, transfer?: readonly Transferable[]): void;
  /** Sets the listener for the service's events, on this thread's event loop. */
  onEvent(listener: (body: unknown) => void): void;
}

/** The end of the link on a VM's thread: blocking calls, notes without answers, and events. */
export class ServiceLink {
  readonly #parts: ServiceLinkParts;
  readonly #answered: Int32Array;
  readonly #timeoutMs: number;
  readonly #listeners = new Map<string, (body: unknown) => void>();
  #nextCall = 1;

  constructor(parts: ServiceLinkParts, timeoutMs: number = TIMEOUT_MS) {
    this.#parts = parts;
    this.#answered = new Int32Array(parts.answered);
    this.#timeoutMs = timeoutMs;
    parts.events.on('message', ({ service, body }: ServiceEvent) => this.#listeners.get(service)?.(body));
    // This port must not keep the thread alive; its main port does that.
    parts.events.unref();
  }

  channel(service: string): ServiceChannel {
    return {
      call: (body) => this.#call(service, body),
      note: (body, transfer) => this.#post({ service, body }, transfer),
      onEvent: (listener) => void this.#listeners.set(service, listener),
    };
  }

  #call(service: string, body: unknown): unknown {
    const call = this.#nextCall++;
    this.#post({ service, call, body });
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      // Read before checking for an answer, so that an answer that arrives in between ends the wait at once.
      const seen = Atomics.load(this.#answered, 0);
      const answer = this.#receive(call);
      if (answer !== undefined) return answer.body;
      const left = deadline - performance.now();
      if (left <= 0) throw new QvmError('host.no-answer', `the host's ${service} does not answer`);
      Atomics.wait(this.#answered, 0, seen, left);
    }
  }

  /** Drops answers to calls that have timed out. */
  #receive(call: number): ServiceAnswer | undefined {
    for (let next = receiveMessageOnPort(this.#parts.calls); next !== undefined;) {
      const answer = next.message as ServiceAnswer;
      if (answer.call === call) return answer;
      next = receiveMessageOnPort(this.#parts.calls);
    }
    return undefined;
  }

  #post(request: ServiceRequest, transfer: readonly Transferable[] = []): void {
    this.#parts.calls.postMessage(request, transfer);
  }
}
