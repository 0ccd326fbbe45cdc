import type { Clock, ClockTimer } from '@qvm/core/vdev';

/** Looks for input in a row, with no write between, that tell a guest which waits for input from one that sends. */
const POLLS_OF_A_WAITING_GUEST = 4;
/** How long a receive interrupt is unmasked before input comes: drivers unmask it briefly while they start. */
const SETTLING_NS = 100_000;

/**
 * Tells when the guest listens, by a receive interrupt or by polling. Until then input stays on the host: drivers
 * enable the receiver long before they use it, and drop what it holds when they start.
 *
 * @internal
 */
export class InputGate {
  readonly #clock: Clock;
  readonly #settling: ClockTimer;
  readonly #opened: () => void;
  #listening = false;
  #polls = 0;

  /** @param opened - called when the guest begins to listen or to poll. */
  constructor(clock: Clock, name: string, opened: () => void) {
    this.#clock = clock;
    this.#opened = opened;
    this.#settling = clock.createTimer(`${name} input`, () => this.#listen());
  }

  /** Whether a receive interrupt has been unmasked for a while. */
  get listening(): boolean {
    return this.#listening;
  }

  /** Whether the guest polls. */
  get polling(): boolean {
    return this.#polls === POLLS_OF_A_WAITING_GUEST;
  }

  /** The guest set which interrupts it wants: is one for received characters among them? */
  setInterruptEnabled(enabled: boolean): void {
    if (!enabled) {
      this.#settling.cancel();
      this.#listening = false;
    } else if (!this.#listening && this.#settling.deadline === undefined) {
      this.#settling.arm(this.#clock.now() + SETTLING_NS);
    }
  }

  /** The guest looked for input and found none. */
  poll(): void {
    if (this.#polls < POLLS_OF_A_WAITING_GUEST) {
      this.#polls++;
    }
    if (this.polling) {
      this.#opened();
    }
  }

  /** The guest wrote a register: it does something other than looking for input. */
  stopPolling(): void {
    this.#polls = 0;
  }

  dispose(): void {
    this.#settling.dispose();
  }

  #listen(): void {
    this.#listening = true;
    this.#opened();
  }
}
