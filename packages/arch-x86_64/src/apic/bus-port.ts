/** A receiver of messages of the bus: a local APIC. */
export interface MessageReceiver {
  /** Returns whether the message, in the format of `message.ts`, is accepted. */
  receive(message: number): boolean;
}

/** The bus as a local APIC sees it. */
export interface ApicBusPort {
  /**
   * Delivers a message to the local APICs that a destination selects.
   *
   * @param message - in the format of `message.ts`.
   * @param destination - an APIC ID or a logical destination; `BROADCAST` for all.
   * @param except - a local APIC that does not get it.
   * @returns whether a local APIC has accepted it.
   */
  deliver(message: number, destination: number, except?: MessageReceiver): boolean;
  /** A level-triggered interrupt has ended: I/O APICs clear their remote IRR bits of this vector. */
  endOfInterrupt(vector: number): void;
  /** Has the 8259A pair give the vector of its interrupt; -1 when there is no pair. */
  acknowledgeExternal(): number;
}
