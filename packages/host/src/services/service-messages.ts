import type { MessagePort } from 'node:worker_threads';

/** Messages between a VM's thread and the services of its host: switches, shared memory. */

/** The VM's end of the link; it is sent to the thread with both ports in the transfer list. */
export interface ServiceLinkParts {
  /** Calls and notes to the host, in order; only answers to calls come back. */
  readonly calls: MessagePort;
  /** Events from the host. */
  readonly events: MessagePort;
  /** One word that is incremented with each answer; callers wait on it. */
  readonly answered: SharedArrayBuffer;
}

/** Messages from a VM's thread. */
export type ServiceRequest =
  | { readonly service: string; readonly call: number; readonly body: unknown }
  | { readonly service: string; readonly call?: undefined; readonly body: unknown };

/** The answer to a call; errors of a service are in its body. */
export interface ServiceAnswer {
  readonly call: number;
  readonly body: unknown;
}

/** Messages to a VM's thread. */
export interface ServiceEvent {
  readonly service: string;
  readonly body: unknown;
}
