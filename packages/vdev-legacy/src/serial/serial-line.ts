import type { Json } from '@qvm/core';
import type { CharacterBackend } from '@qvm/core/services';
import type { VdevContext } from '@qvm/core/vdev';
import { InputGate } from './input-gate.js';
import { ReceiveFifo } from './receive-fifo.js';

/**
 * The UART at the guest's end of a {@link SerialLine}.
 *
 * @internal
 */
export interface SerialReceiver {
  /** Whether the receiver is enabled and connected to the line, not looped back. */
  receives(): boolean;
  /** Receives a character from the line. */
  receive(character: number): void;
}

/**
 * The common part of all UARTs: the character back end, the receive FIFO, and when input of the host enters it.
 *
 * @internal
 */
export class SerialLine {
  readonly received = new ReceiveFifo();
  readonly #gate: InputGate;
  readonly #backend: CharacterBackend;
  readonly #hostdev: string;
  readonly #receiver: SerialReceiver;
  readonly #outgoing = new Uint8Array(1);
  #bytesIn = 0;
  #bytesOut = 0;

  /** @throws QvmError errors of opening the back end. */
  constructor(context: VdevContext, hostdev: string, receiver: SerialReceiver) {
    this.#hostdev = hostdev;
    this.#receiver = receiver;
    this.#backend = context.openCharacterBackend(hostdev);
    this.#gate = new InputGate(context.clock, context.name, () => this.takeInput());
    this.#backend.onInput(() => this.takeInput());
  }

  reset(): void {
    this.received.clear();
    this.received.enable(false);
    this.#gate.stopPolling();
    this.#gate.setInterruptEnabled(false);
    this.#backend.flush();
  }

  /**
   * Restores the characters of a saved FIFO. Input of the host arrives through {@link setInterruptEnabled} and
   * `takeInput`.
   */
  restore(received: readonly number[], fifoEnabled: boolean): void {
    this.received.load(received);
    this.received.enable(fifoEnabled);
    this.#gate.stopPolling();
  }

  /**
   * Must be called when the guest changes its interrupt mask. `enabled`: whether an interrupt for received characters
   * is enabled.
   */
  setInterruptEnabled(enabled: boolean): void {
    this.#gate.setInterruptEnabled(enabled);
  }

  /** Must be called when the guest checks for input. */
  poll(): void {
    if (this.received.isEmpty) this.#gate.poll();
  }

  /** Must be called when the guest writes a register, so that it is not merely polling. */
  stopPolling(): void {
    this.#gate.stopPolling();
  }

  /** Passes as many of the host's characters to the receiver as the guest is ready for. */
  takeInput(): void {
    const wanted = this.#wanted;
    if (wanted === 0 || this.#backend.available === 0) return;
    const characters = this.#backend.read(wanted);
    this.#bytesIn += characters.length;
    for (const character of characters) this.#receiver.receive(character);
  }

  /** Sends the low byte of `value` at once. */
  send(value: number): void {
    this.#outgoing[0] = value;
    this.#backend.write(this.#outgoing);
    this.#bytesOut++;
  }

  status(): Readonly<Record<string, Json>> {
    return {
      hostdev: this.#hostdev,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      waitingInGuest: this.received.count,
      waitingOnHost: this.#backend.available,
    };
  }

  dispose(): void {
    this.#backend.onInput(undefined);
    this.#gate.dispose();
    this.#backend.flush();
    this.#backend.close();
  }

  /** Number of characters that the guest is ready for. */
  get #wanted(): number {
    if (!this.#receiver.receives()) return 0;
    if (this.#gate.listening) return this.received.room;
    return this.#gate.polling && this.received.isEmpty ? 1 : 0;
  }
}
