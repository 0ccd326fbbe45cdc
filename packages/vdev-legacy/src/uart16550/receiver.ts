import type { Clock, ClockTimer } from '@qvm/core/vdev';
import type { ReceiveFifo } from '../serial/receive-fifo.js';
import { characterTimeoutNs, receiveTrigger } from './baud.js';
import { FCR_FIFO_ENABLE, FCR_RCVR_RESET, FCR_STORED } from './constants.js';

/**
 * State of a receiver besides the characters in its FIFO.
 *
 * @internal
 */
export interface ReceiverState {
  /** FCR, without the bits that reset a FIFO. */
  readonly fifoControl: number;
  /** Whether a character was lost since LSR was read last. */
  readonly overrun: boolean;
  /** Whether characters have waited for the duration of four characters. */
  readonly timedOut: boolean;
}

const AFTER_RESET: ReceiverState = { fifoControl: 0, overrun: false, timedOut: false };

/**
 * The receiver of a 16550: FIFO control, overrun, and the character time-out (PC16550D data sheet, §8.4).
 *
 * @internal
 */
export class Receiver {
  readonly #received: ReceiveFifo;
  readonly #clock: Clock;
  readonly #timeout: ClockTimer;
  readonly #clockHz: number;
  readonly #divisor: () => number;
  #fifoControl = 0;
  #overrun = false;
  #timedOut = false;

  /**
   * @param divisor - the divisor of the line's rate now.
   * @param timedOut - called when the character time-out has come.
   */
  constructor(
    { clock, name }: { readonly clock: Clock; readonly name: string },
    received: ReceiveFifo,
    { clockHz, divisor, timedOut }: Readonly<{ clockHz: number; divisor: () => number; timedOut: () => void }>,
  ) {
    this.#received = received;
    this.#clock = clock;
    this.#clockHz = clockHz;
    this.#divisor = divisor;
    this.#timeout = clock.createTimer(`${name} character timeout`, () => {
      this.#timedOut = true;
      timedOut();
    });
  }

  get fifoEnabled(): boolean {
    return (this.#fifoControl & FCR_FIFO_ENABLE) !== 0;
  }

  /** Whether there are as many characters as the trigger level asks for. */
  get atTrigger(): boolean {
    return this.#received.count >= receiveTrigger(this.#fifoControl, this.fifoEnabled);
  }

  get overrun(): boolean {
    return this.#overrun;
  }

  get timedOut(): boolean {
    return this.#timedOut;
  }

  reset(): void {
    this.load(AFTER_RESET);
  }

  save(): ReceiverState {
    return { fifoControl: this.#fifoControl, overrun: this.#overrun, timedOut: this.#timedOut };
  }

  /** Takes over a state. The characters must be in the FIFO. */
  load({ fifoControl, overrun, timedOut }: ReceiverState): void {
    this.#fifoControl = fifoControl;
    this.#overrun = overrun;
    this.#timedOut = timedOut;
    this.#startTimeout();
  }

  /** §8.4: the other bits of FCR take effect only if FIFO enable is set, and a change of that bit clears the FIFOs. */
  controlFifos(value: number): void {
    const enabled = (value & FCR_FIFO_ENABLE) !== 0;
    const toggled = enabled !== this.fifoEnabled;
    this.#fifoControl = enabled ? value & FCR_STORED : 0;
    this.#received.enable(enabled);
    if (toggled || (enabled && (value & FCR_RCVR_RESET) !== 0)) this.#clear();
  }

  /** Adds a character, which is lost if there is no room. */
  add(character: number): void {
    if (this.#received.isFull) {
      this.#overrun = true;
    } else {
      this.#received.push(character);
      this.#startTimeout();
    }
  }

  /** Removes and returns the oldest character; 0 when there is none. */
  take(): number {
    const character = this.#received.shift();
    this.#timedOut = false;
    this.#startTimeout();
    return character;
  }

  /** Whether a character was lost since the last call. */
  takeOverrun(): boolean {
    const overrun = this.#overrun;
    this.#overrun = false;
    return overrun;
  }

  dispose(): void {
    this.#timeout.dispose();
  }

  #clear(): void {
    this.#received.clear();
    this.#timedOut = false;
    this.#timeout.cancel();
  }

  /** The time-out exists only with FIFOs (§8.4.2); it restarts with each character that is added or removed. */
  #startTimeout(): void {
    if (this.#received.isEmpty || !this.fifoEnabled || this.#timedOut) this.#timeout.cancel();
    else this.#timeout.arm(this.#clock.now() + characterTimeoutNs(this.#divisor(), this.#clockHz));
  }
}
