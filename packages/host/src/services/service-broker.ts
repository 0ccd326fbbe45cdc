import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { VmSpec } from '@qvm/config';
import type { LogLevel } from '@qvm/core';
import { describeError } from '@qvm/sdk';
import type { ServiceAnswer, ServiceLinkParts, ServiceRequest } from './service-messages.js';

/**
 * One service of the host, for one VM. What comes in is from a thread that may have fallen to its guest.
 */
export interface ServiceServer {
  /** Answers a call. Throws for mistakes in qvm only. */
  call(body: unknown): unknown;
  note(body: unknown): void;
  /** The VM's thread is gone: takes back all that it had. */
  close(): void;
}

/**
 * The VM that a service serves.
 */
export interface ServedVm {
  readonly spec: VmSpec;
  log(level: LogLevel, message: string): void;
}

/** Makes the server of a service for one VM; `send` takes events to the VM. */
export type ServiceFactory = (vm: ServedVm, send: (body: unknown) => void) => ServiceServer;

/** The services of a host by name. */
export type Services = ReadonlyMap<string, ServiceFactory>;

/**
 * The host's end of the link to one VM's thread: hands calls and notes to the services.
 */
export class ServiceBroker {
  /** For the VM's thread. */
  readonly parts: ServiceLinkParts;
  readonly #servers: ReadonlyMap<string, ServiceServer>;
  readonly #vm: ServedVm;
  readonly #calls: MessagePort;
  readonly #events: MessagePort;
  readonly #answered: Int32Array;

  constructor(vm: ServedVm, services: Services) {
    const calls = new MessageChannel();
    const events = new MessageChannel();
    const answered = new SharedArrayBuffer(4);
    this.#vm = vm;
    this.#calls = calls.port1;
    this.#events = events.port1;
    this.#answered = new Int32Array(answered);
    this.parts = { calls: calls.port2, events: events.port2, answered };
    this.#servers = new Map(
      [...services].map(([service, create]) => [
        service,
        create(vm, (body) => this.#events.postMessage({ service, body })),
      ]),
    );
    this.#calls.on('message', (request: ServiceRequest) => this.#serve(request));
  }

  /** Takes back all that the VM has of the services; when its thread is gone, since its memory may be another's at once. */
  close(): void {
    this.#calls.close();
    this.#events.close();
    for (const server of this.#servers.values()) server.close();
  }

  #serve({ service, call, body }: ServiceRequest): void {
    const server = this.#servers.get(service);
    try {
      if (call === undefined) server?.note(body);
      else this.#answer({ call, body: server?.call(body) });
    } catch (error) {
      // The caller, if there is one, gets its time-out.
      this.#vm.log('error', `the host's ${service} failed: ${describeError(error)}`);
    }
  }

  #answer(answer: ServiceAnswer): void {
    this.#calls.postMessage(answer);
    Atomics.add(this.#answered, 0, 1);
    Atomics.notify(this.#answered, 0);
  }
}
