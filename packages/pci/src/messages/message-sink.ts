export type { MessageSink } from '@qvm/core/vdev';

/**
 * The part of a function that message capabilities need.
 *
 * @experimental
 */
export interface MessageSender {
  /** Whether the function may write to memory now (bus master). */
  readonly busMaster: boolean;
  /** Sends a message. */
  send(address: number, data: number): void;
}
