import { RegisterBlock, requireBoolean, requireObject, requireUnsignedArray, requireVersion } from '@qvm/core/vdev';
/*
 * Arm PrimeCell UART (PL011), r1p3, from the Technical Reference Manual DDI 0183.
 *
 * Models the register map, the receive FIFO with its trigger levels and time-out, all interrupt sources, loopback and
 * overrun. Leaves out the line itself (rate, parity, break, IrDA), DMA and the integration-test registers.
 * Differences from silicon, with reasons, are in docs/vdevs/pl011.md.
 */
import type { Json } from '@qvm/core';
import type { CharacterBackend } from '@qvm/core/services';
import type {
  ClockTimer,
  DeviceTreeContext,
  DeviceTreeNode,
  InterruptLine,
  MmioHandler,
  Vdev,
  VdevContext,
} from '@qvm/core/vdev';
import { PRIMECELL_SIZE, primeCellNode } from '../primecell.js';
import { InputGate } from '../serial/input-gate.js';
import { FIFO_DEPTH, ReceiveFifo } from '../serial/receive-fifo.js';
import {
  CR_LBE,
  CR_RXE,
  CR_UARTEN,
  DR_OE,
  FR_RXFE,
  FR_RXFF,
  FR_TXFE,
  INT_OE,
  INT_RT,
  INT_RX,
  INT_TX,
  LCR_H_FEN,
  RSR_OE,
} from './constants.js';
import { receiveTimeoutNs, receiveTrigger } from './line-timing.js';
import { modemFlags, modemInterrupts } from './modem.js';
import { pl011Registers } from './registers.js';
import type { Pl011Operations, Pl011RegisterName } from './registers.js';

const STATE_VERSION = 1;

/** @internal */
export class Pl011 implements Vdev, Pl011Operations {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #registers: RegisterBlock<Pl011Operations, Pl011RegisterName>;
  readonly #interrupt: InterruptLine;
  readonly #timeout: ClockTimer;
  readonly #gate: InputGate;
  readonly #backend: CharacterBackend;
  readonly #hostdev: string;
  readonly #received = new ReceiveFifo();
  readonly #outgoing = new Uint8Array(1);
  /** DR.OE: a character was lost, and none could be put in since (DDI 0183 table 3-2). */
  #overrun = false;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(context: VdevContext, hostdev: string) {
    this.#context = context;
    this.#hostdev = hostdev;
    this.#registers = new RegisterBlock(pl011Registers, this as Pl011Operations, PRIMECELL_SIZE);
    this.mmio = { registers: this.#registers };
    this.#interrupt = context.interrupt('uart');
    this.#backend = context.openCharacterBackend(hostdev);
    this.#timeout = context.clock.createTimer(`${context.name} receive timeout`, () => this.#timedOut());
    this.#gate = new InputGate(context.clock, context.name, () => this.#takeInput());
    this.#backend.onInput(() => this.#takeInput());
  }

  reset(): void {
    this.#registers.reset();
    this.#received.clear();
    this.#received.enable(false);
    this.#overrun = false;
    this.#gate.stopPolling();
    this.#timeout.cancel();
    this.#gate.setInterruptEnabled(false);
    this.#interrupt.deassert();
    this.#backend.flush();
  }

  save(): { readonly version: number; readonly state: Json } {
    return {
      version: STATE_VERSION,
      state: { registers: this.#registers.save(), received: this.#received.toArray(), overrun: this.#overrun },
    };
  }

  restore(snapshot: { readonly version: number; readonly state: Json }): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['registers', 'received', 'overrun'], 'pl011 state');
    const registers = this.#registers.decode(state.registers);
    const received = requireUnsignedArray(state.received, FIFO_DEPTH, 0xff, 'received');
    this.#overrun = requireBoolean(state.overrun, 'overrun');
    this.#registers.load(registers);
    this.#received.load(received);
    this.#received.enable(this.#fifoEnabled);
    this.#gate.stopPolling();
    this.#timeout.cancel();
    this.#updateInterrupt();
    this.#startTimeout();
    this.#gate.setInterruptEnabled(wantsInput(this.#registers.get('IMSC')));
    this.#takeInput();
  }

  status(): Readonly<Record<string, Json>> {
    return {
      hostdev: this.#hostdev,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      waitingInGuest: this.#received.count,
      waitingOnHost: this.#backend.available,
      registers: this.#registers.save(),
    };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const resources = { base: this.#context.mmioBase.registers ?? 0, interrupt: this.#interrupt.number };
    return [primeCellNode('pl011', ['uartclk', 'apb_pclk'], resources, context)];
  }

  dispose(): void {
    this.#backend.onInput(undefined);
    this.#timeout.dispose();
    this.#gate.dispose();
    this.#backend.flush();
    this.#backend.close();
  }

  receiveData(): number {
    if (this.#received.isEmpty) {
      this.#gate.poll();
    }
    const character = this.#received.shift();
    const data = this.#overrun ? character | DR_OE : character;
    this.#overrun = false;
    this.#characterTaken();
    return data;
  }

  /**
   * Sends at once, so the transmit FIFO is always empty again. Sends even while the UART is disabled: a kernel's early
   * console counts on firmware that enabled it, and this board has none.
   */
  transmitData(value: number): void {
    this.#gate.stopPolling();
    if ((this.#registers.get('CR') & CR_LBE) === 0) {
      this.#outgoing[0] = value;
      this.#backend.write(this.#outgoing);
      this.#bytesOut++;
    } else if (this.#receiverEnabled) {
      this.#receive(value & 0xff);
    }
    // The character left the FIFO, which passed its trigger level on the way (§2.8.3: a transition, not a level).
    this.#raise(INT_TX);
  }

  clearErrors(): void {
    this.#gate.stopPolling();
    this.#registers.set('RSR', 0);
  }

  pollFlags(): number {
    if (this.#received.isEmpty) {
      this.#gate.poll();
    }
    const empty = this.#received.isEmpty ? FR_RXFE : 0;
    const full = this.#received.isFull ? FR_RXFF : 0;
    return FR_TXFE | empty | full | modemFlags(this.#registers.get('CR'));
  }

  lineControlChanged(value: number, previous: number): void {
    this.#gate.stopPolling();
    if (((value ^ previous) & LCR_H_FEN) !== 0) {
      this.#received.enable(this.#fifoEnabled);
      this.#takeInput();
    }
  }

  controlChanged(value: number, previous: number): void {
    this.#gate.stopPolling();
    this.#raise(modemInterrupts(modemFlags(value), modemFlags(previous)));
    this.#takeInput();
  }

  interruptMaskChanged(value: number): void {
    this.#gate.stopPolling();
    this.#updateInterrupt();
    this.#gate.setInterruptEnabled(wantsInput(value));
  }

  maskedInterrupts(): number {
    return this.#registers.get('RIS') & this.#registers.get('IMSC');
  }

  clearInterrupts(value: number): void {
    this.#gate.stopPolling();
    this.#registers.set('RIS', this.#registers.get('RIS') & ~value);
    this.#updateInterrupt();
    if ((value & INT_RT) !== 0) {
      this.#startTimeout();
    }
  }

  get #fifoEnabled(): boolean {
    return (this.#registers.get('LCR_H') & LCR_H_FEN) !== 0;
  }

  get #receiverEnabled(): boolean {
    return (this.#registers.get('CR') & (CR_UARTEN | CR_RXE)) === (CR_UARTEN | CR_RXE);
  }

  /** Number of characters that the guest is ready for. */
  get #wanted(): number {
    if (!this.#receiverEnabled || (this.#registers.get('CR') & CR_LBE) !== 0) {
      return 0;
    }
    if (this.#gate.listening) {
      return this.#received.room;
    }
    return this.#gate.polling && this.#received.isEmpty ? 1 : 0;
  }

  #takeInput(): void {
    const wanted = this.#wanted;
    if (wanted === 0 || this.#backend.available === 0) {
      return;
    }
    const characters = this.#backend.read(wanted);
    this.#bytesIn += characters.length;
    for (const character of characters) {
      this.#receive(character);
    }
  }

  #receive(character: number): void {
    if (this.#received.isFull) {
      this.#overrun = true;
      this.#registers.set('RSR', this.#registers.get('RSR') | RSR_OE);
      this.#raise(INT_OE);
      return;
    }
    this.#received.push(character);
    if (this.#received.count === this.#trigger) {
      this.#raise(INT_RX);
    }
    this.#startTimeout();
  }

  get #trigger(): number {
    return receiveTrigger(this.#registers.get('IFLS'), this.#fifoEnabled);
  }

  #characterTaken(): void {
    if (this.#received.isEmpty) {
      this.#timeout.cancel();
    }
    const below = this.#received.count < this.#trigger ? INT_RX : 0;
    const empty = this.#received.isEmpty ? INT_RT : 0;
    this.#registers.set('RIS', this.#registers.get('RIS') & ~(below | empty));
    this.#updateInterrupt();
    if (this.#received.isEmpty) {
      this.#takeInput();
    }
  }

  #startTimeout(): void {
    if (this.#received.isEmpty || (this.#registers.get('RIS') & INT_RT) !== 0) {
      return;
    }
    const delay = receiveTimeoutNs(this.#registers.get('IBRD'), this.#registers.get('FBRD'));
    this.#timeout.arm(this.#context.clock.now() + delay);
  }

  #timedOut(): void {
    if (!this.#received.isEmpty) {
      this.#raise(INT_RT);
    }
  }

  #raise(sources: number): void {
    this.#registers.set('RIS', this.#registers.get('RIS') | sources);
    this.#updateInterrupt();
  }

  #updateInterrupt(): void {
    this.#interrupt.set(this.maskedInterrupts() !== 0);
  }
}

/** Whether an interrupt mask lets a receive interrupt through. */
function wantsInput(mask: number): boolean {
  return (mask & (INT_RX | INT_RT)) !== 0;
}
