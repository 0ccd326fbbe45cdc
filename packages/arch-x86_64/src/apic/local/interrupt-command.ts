import type { ApicBusPort, MessageReceiver } from '../bus-port.js';
import {
  ASSERT,
  BROADCAST,
  deliveryMode,
  DeliveryMode,
  FIRST_LEGAL_VECTOR,
  LEVEL,
  LOGICAL,
  VECTOR_MASK,
} from '../message.js';

/** Bits that software can write: vector, modes, level, trigger, shorthand (SDM 3A, 10.6.1). Delivery status reads as 0. */
export const COMMAND_MASK = 0xc_cfff;
/** The part that is sent: vector, delivery mode, destination mode. */
const MESSAGE_MASK = 0xfff;
const SHORTHAND_SHIFT = 18;

enum Shorthand {
  None = 0,
  Self = 1,
  All = 2,
  AllButSelf = 3,
}

/** The interrupt command register. A command is complete when the write returns. */
export class InterruptCommand {
  readonly #bus: ApicBusPort;
  low = 0;
  /** Destination: bits 31–24 in xAPIC mode, all in x2APIC mode. */
  high = 0;

  constructor(bus: ApicBusPort) {
    this.#bus = bus;
  }

  /**
   * Sends the command `low`. Interrupts between vCPUs are edge-triggered: the trigger bit matters for INIT only.
   *
   * @param destination - for commands without a shorthand.
   * @returns false when the vector is illegal, so that nothing is sent.
   */
  send(sender: MessageReceiver, low: number, destination: number): boolean {
    this.low = low & COMMAND_MASK;
    const mode = deliveryMode(low);
    if (mode <= Number(DeliveryMode.LowestPriority) && (low & VECTOR_MASK) < FIRST_LEGAL_VECTOR) return false;
    if (mode === Number(DeliveryMode.ExtInt) || isInitDeassert(low)) return true;
    this.#route(sender, (low & MESSAGE_MASK) | ASSERT, low >>> SHORTHAND_SHIFT, destination);
    return true;
  }

  reset(): void {
    this.low = 0;
    this.high = 0;
  }

  #route(sender: MessageReceiver, message: number, shorthand: number, destination: number): void {
    switch (shorthand & 3) {
      case Shorthand.Self:
        sender.receive(message);
        break;
      case Shorthand.All:
        this.#bus.deliver(message & ~LOGICAL, BROADCAST);
        break;
      case Shorthand.AllButSelf:
        this.#bus.deliver(message & ~LOGICAL, BROADCAST, sender);
        break;
      default:
        this.#bus.deliver(message, destination);
    }
  }
}

/** INIT level de-assert only set arbitration IDs of old processors; it is ignored (SDM 3A, 10.6.1). */
function isInitDeassert(low: number): boolean {
  return deliveryMode(low) === Number(DeliveryMode.Init) && (low & LEVEL) !== 0 && (low & ASSERT) === 0;
}
