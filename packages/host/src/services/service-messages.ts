import type { MessagePort } from 'node:worker_threads';

/* What joins a VM's thread with the services of its host: switches, shared memory. */

/**
 * The VM's end of the link; goes to its thread with both ports in the list of what is transferred.
 */
export interface ServiceLinkParts {
  /** Calls and notes to the host, in their order; answers to calls come back, and nothing else. */
  readonly calls: MessagePort;
  /** Events from the host. */
  readonly events: MessagePort;
  /** One word that is raised with each answer: what a caller waits on. */
  readonly answered: SharedArrayBuffer;
}

/** From a VM's thread. */
export type ServiceRequest =
  | { readonly service: string; readonly call: number; readonly body: unknown }
  | { readonly service: string; readonly call?: undefined; readonly body: unknown };

/** The answer to a call; errors of a service are part of its body. */
export interface ServiceAnswer {
  readonly call: number;
  readonly body: unknown;
}

/** To a VM's thread. */
export interface ServiceEvent {
  readonly service: string;
  readonly body: unknown;
}
