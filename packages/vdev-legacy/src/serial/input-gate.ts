import type { Clock, ClockTimer } from '@qvm/core/vdev';

/**
 * Number of consecutive checks for input, without a write between them, that distinguish a guest that waits for input
 * from one that sends.
 */
const POLLS_OF_A_WAITING_GUEST = 4;
/**
 * Time for which a receive interrupt must be unmasked before input is delivered: drivers unmask it briefly while they
 * start, and a guest whose code runs for the first time takes milliseconds for a few hundred instructions.
 *
 * @internal
 */
export const SETTLING_NS = 20_000_000;

/**
 * Determines whether the guest listens, by a receive interrupt or by polling. Until then input stays on the host,
 * because drivers enable the receiver long before they use it, and discard its contents when they start.
 *
 * @internal
 */
export class InputGate {
  readonly #clock: Clock;
  readonly #settling: ClockTimer;
  readonly #opened: () => void;
  #listening = false;
  #polls = 0;

  /** @param opened - called when the guest starts to listen or to poll. */
  constructor(clock: Clock, name: string, opened: () => void) {
    this.#clock = clock;
    this.#opened = opened;
    this.#settling = clock.createTimer(`${name} input`, () => this.#listen());
  }

  /** Whether a receive interrupt has been unmasked for `SETTLING_NS`. */
  get listening(): boolean {
    return this.#listening;
  }

  /** Whether the guest polls. */
  get polling(): boolean {
    return this.#polls === POLLS_OF_A_WAITING_GUEST;
  }

  /**
   * Must be called when the guest changes its interrupt mask. `enabled`: whether an interrupt for received characters
   * is enabled.
   */
  setInterruptEnabled(enabled: boolean): void {
    if (!enabled) {
      this.#settling.cancel();
      this.#listening = false;
    } else if (!this.#listening && this.#settling.deadline === undefined) {
      this.#settling.arm(this.#clock.now() + SETTLING_NS);
    }
  }

  /** Must be called when the guest checks for input and finds none. */
  poll(): void {
    if (this.#polls < POLLS_OF_A_WAITING_GUEST) {
      this.#polls++;
    }
    if (this.polling) {
      this.#opened();
    }
  }

  /** Must be called when the guest writes a register, so that it is not merely polling. */
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
