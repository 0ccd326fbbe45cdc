/**
 * Receives the message interrupts of functions: memory writes that an interrupt controller takes (PCI Local Bus 3.0,
 * section 6.8).
 *
 * @experimental
 */
export interface MessageSink {
  /**
   * Takes one message. Addresses that no controller decodes are ignored: a guest chooses them.
   *
   * @param address - guest-physical, 64 bits; exact below 2^53.
   * @param data - 32 bits, unsigned.
   */
  message(address: number, data: number): void;
}

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
