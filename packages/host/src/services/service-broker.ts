import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { VmSpec } from '@qvm/config';
import type { LogLevel } from '@qvm/core';
import { describeError } from '@qvm/sdk';
import type { ServiceAnswer, ServiceLinkParts, ServiceRequest } from './service-messages.js';

/** One service of the host for one VM. Input is untrusted, because the guest may have taken over its thread. */
export interface ServiceServer {
  /** Answers a call. Throws only for bugs in qvm. */
  call(body: unknown): unknown;
  note(body: unknown): void;
  /** Releases all resources of the VM, whose thread has ended. */
  close(): void;
}

/** The VM that uses a service. */
export interface ServedVm {
  readonly spec: VmSpec;
  log(level: LogLevel, message: string): void;
}

/** Makes the server of a service for one VM; `send` sends events to the VM. */
export type ServiceFactory = (vm: ServedVm, send: (body: unknown) => void) => ServiceServer;

/** The services of a host by name. */
export type Services = ReadonlyMap<string, ServiceFactory>;

/** The host's end of the link to one VM's thread: passes calls and notes to the services. */
export class ServiceBroker {
  /** The parts for the VM's thread. */
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

  /**
   * Releases all resources of the VM in the services. To be called after its thread has ended, because its memory may
   * be reused at once.
   */
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
      // The caller, if there is one, will time out.
      this.#vm.log('error', `the host's ${service} failed: ${describeError(error)}`);
    }
  }

  #answer(answer: ServiceAnswer): void {
    this.#calls.postMessage(answer);
    Atomics.add(this.#answered, 0, 1);
    Atomics.notify(this.#answered, 0);
  }
}
