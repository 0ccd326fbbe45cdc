/*
 * Arm PrimeCell UART (PL011), r1p3, from the Technical Reference Manual DDI 0183.
 *
 * Models the register map, the receive FIFO with its trigger levels and time-out, all interrupt sources, loopback and
 * overrun. Omits the line itself (rate, parity, break, IrDA), DMA and the integration-test registers.
 * docs/vdevs/pl011.md lists the differences from silicon, with reasons.
 */
import { RegisterBlock, requireBoolean, requireObject, requireUnsignedArray, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type {
  ClockTimer,
  DeviceTreeContext,
  DeviceTreeNode,
  InterruptLine,
  MmioHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { PRIMECELL_SIZE, primeCellNode } from '../primecell.js';
import { FIFO_DEPTH, type ReceiveFifo } from '../serial/receive-fifo.js';
import { SerialLine } from '../serial/serial-line.js';
import {
  CR_LBE,
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
  readonly #line: SerialLine;
  readonly #received: ReceiveFifo;
  /** DR.OE: a character was lost, and none has been added since (DDI 0183 table 3-2). */
  #overrun = false;

  constructor(context: VdevContext, hostdev: string) {
    this.#context = context;
    this.#registers = new RegisterBlock(pl011Registers, this as Pl011Operations, PRIMECELL_SIZE);
    this.mmio = { registers: this.#registers };
    this.#interrupt = context.interrupt('uart');
    this.#timeout = context.clock.createTimer(`${context.name} receive timeout`, () => this.#timedOut());
    this.#line = new SerialLine(context, hostdev, {
      receives: () => !this.#loopback,
      receive: (character) => this.#receive(character),
    });
    this.#received = this.#line.received;
  }

  reset(): void {
    this.#registers.reset();
    this.#line.reset();
    this.#overrun = false;
    this.#timeout.cancel();
    this.#interrupt.deassert();
  }

  save(): VdevState {
    return {
      version: STATE_VERSION,
      state: { registers: this.#registers.save(), received: this.#received.toArray(), overrun: this.#overrun },
    };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['registers', 'received', 'overrun'], 'pl011 state');
    const registers = this.#registers.decode(state.registers);
    const received = requireUnsignedArray(state.received, FIFO_DEPTH, 0xff, 'received');
    this.#overrun = requireBoolean(state.overrun, 'overrun');
    this.#registers.load(registers);
    this.#line.restore(received, this.#fifoEnabled);
    this.#timeout.cancel();
    this.#updateInterrupt();
    this.#startTimeout();
    this.#line.setInterruptEnabled(wantsInput(this.#registers.get('IMSC')));
    this.#line.takeInput();
  }

  status(): Readonly<Record<string, Json>> {
    return {
      ...this.#line.status(),
      registers: this.#registers.save(),
    };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const resources = { base: this.#context.mmioBase.registers ?? 0, interrupt: this.#interrupt.number };
    return [primeCellNode('pl011', ['uartclk', 'apb_pclk'], resources, context)];
  }

  dispose(): void {
    this.#timeout.dispose();
    this.#line.dispose();
  }

  receiveData(): number {
    this.#line.poll();
    const character = this.#received.shift();
    const data = this.#overrun ? character | DR_OE : character;
    this.#overrun = false;
    this.#characterTaken();
    return data;
  }

  /** Characters are sent at once, so the transmit FIFO is always empty. */
  transmitData(value: number): void {
    this.#line.stopPolling();
    if (!this.#loopback) {
      this.#line.send(value);
    } else {
      this.#receive(value & 0xff);
    }
    // The character has left the FIFO, whose level passed the trigger level (§2.8.3: an interrupt on the transition,
    // not on the level).
    this.#raise(INT_TX);
  }

  clearErrors(): void {
    this.#line.stopPolling();
    this.#registers.set('RSR', 0);
  }

  pollFlags(): number {
    this.#line.poll();
    const empty = this.#received.isEmpty ? FR_RXFE : 0;
    const full = this.#received.isFull ? FR_RXFF : 0;
    return FR_TXFE | empty | full | modemFlags(this.#registers.get('CR'));
  }

  lineControlChanged(value: number, previous: number): void {
    this.#line.stopPolling();
    if (((value ^ previous) & LCR_H_FEN) !== 0) {
      this.#received.enable(this.#fifoEnabled);
      this.#line.takeInput();
    }
  }

  controlChanged(value: number, previous: number): void {
    this.#line.stopPolling();
    this.#raise(modemInterrupts(modemFlags(value), modemFlags(previous)));
    this.#line.takeInput();
  }

  interruptMaskChanged(value: number): void {
    this.#line.stopPolling();
    if (!this.#received.isEmpty) this.#raiseAtTrigger();
    this.#updateInterrupt();
    this.#line.setInterruptEnabled(wantsInput(value));
  }

  maskedInterrupts(): number {
    return this.#registers.get('RIS') & this.#registers.get('IMSC');
  }

  clearInterrupts(value: number): void {
    this.#line.stopPolling();
    this.#registers.set('RIS', this.#registers.get('RIS') & ~value);
    this.#updateInterrupt();
    if ((value & INT_RT) !== 0) {
      this.#startTimeout();
    }
  }

  get #fifoEnabled(): boolean {
    return (this.#registers.get('LCR_H') & LCR_H_FEN) !== 0;
  }

  get #loopback(): boolean {
    return (this.#registers.get('CR') & CR_LBE) !== 0;
  }

  #receive(character: number): void {
    if (this.#received.isFull) {
      this.#overrun = true;
      this.#registers.set('RSR', this.#registers.get('RSR') | RSR_OE);
      this.#raise(INT_OE);
      return;
    }
    this.#received.push(character);
    this.#raiseAtTrigger();
    this.#startTimeout();
  }

  #raiseAtTrigger(): void {
    if (this.#received.count >= this.#trigger) this.#raise(INT_RX);
  }

  /**
   * The receive time-out reports characters below the trigger level of IFLS. A guest that enables RX only gets it at
   * the first character: code for QEMU's board, where that is always the trigger level, would otherwise wait forever.
   */
  get #trigger(): number {
    const mask = this.#registers.get('IMSC');
    const withoutTimeout = (mask & (INT_RX | INT_RT)) === INT_RX;
    return withoutTimeout ? 1 : receiveTrigger(this.#registers.get('IFLS'), this.#fifoEnabled);
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
      this.#line.takeInput();
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

/** Whether an interrupt mask enables a receive interrupt. */
function wantsInput(mask: number): boolean {
  return (mask & (INT_RX | INT_RT)) !== 0;
}
