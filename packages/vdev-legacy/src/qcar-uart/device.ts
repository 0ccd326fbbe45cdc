/*
 * 16550-compatible UART, from the National Semiconductor PC16550D data sheet (June 1995).
 *
 * Models the register map with the divisor latch, both FIFO modes, the interrupts by priority, loopback and overrun.
 * Omits the line itself (word length, parity, break) and DMA. docs/vdevs/qcar-uart.md lists the differences from
 * silicon, with reasons.
 */
import {
  RegisterBlock,
  requireBoolean,
  requireObject,
  requireUnsigned,
  requireUnsignedArray,
  requireVersion,
} from '@qvm/core/vdev';
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
import { FIFO_DEPTH, type ReceiveFifo } from '../serial/receive-fifo.js';
import { SerialLine } from '../serial/serial-line.js';
import { baudOf, characterTimeoutNs, divisorOf, receiveTrigger, UART_CLOCK_HZ } from './baud.js';
import {
  FCR_FIFO_ENABLE,
  FCR_RCVR_RESET,
  FCR_STORED,
  IER_EDSSI,
  IER_ELSI,
  IER_ERBFI,
  IER_ETBEI,
  IIR_CHARACTER_TIMEOUT,
  IIR_DATA_AVAILABLE,
  IIR_FIFOS_ON,
  IIR_LINE_STATUS,
  IIR_MODEM_STATUS,
  IIR_NONE,
  IIR_TRANSMITTER_EMPTY,
  LCR_DLAB,
  LSR_DR,
  LSR_OE,
  LSR_TEMT,
  LSR_THRE,
  MCR_LOOP,
} from './constants.js';
import { modemChanges, modemLines } from './modem.js';
import { qcarUartRegisters } from './registers.js';
import type { QcarUartOperations, QcarUartRegisterName } from './registers.js';

const STATE_VERSION = 1;
/** Size of the register range in bytes: eight words. */
export const QCAR_UART_SIZE = 0x20;

const STATE_MEMBERS = [
  ...['registers', 'received', 'interruptEnable', 'fifoControl', 'divisor', 'modemChanges'],
  ...['overrun', 'timedOut', 'transmitted'],
];

/** @internal */
export class QcarUart implements Vdev, QcarUartOperations {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #registers: RegisterBlock<QcarUartOperations, QcarUartRegisterName>;
  readonly #interrupt: InterruptLine;
  readonly #timeout: ClockTimer;
  readonly #baud: number;
  readonly #line: SerialLine;
  readonly #received: ReceiveFifo;
  #interruptEnable = 0;
  #fifoControl = 0;
  #divisor: number;
  /** MSR bits 3–0. */
  #modemChanges = 0;
  #overrun = false;
  /** Whether characters have waited for the duration of four characters. */
  #timedOut = false;
  /** Whether the transmitter has become empty and IIR has not reported it yet. */
  #transmitted = false;

  constructor(context: VdevContext, hostdev: string, baud: number) {
    this.#context = context;
    this.#baud = baud;
    this.#divisor = divisorOf(baud);
    this.#registers = new RegisterBlock(qcarUartRegisters, this as QcarUartOperations, QCAR_UART_SIZE);
    this.mmio = { registers: this.#registers };
    this.#interrupt = context.interrupt('uart');
    this.#timeout = context.clock.createTimer(`${context.name} character timeout`, () => this.#characterTimeout());
    this.#line = new SerialLine(context, hostdev, {
      receives: () => !this.#loopback,
      receive: (character) => this.#receive(character),
    });
    this.#received = this.#line.received;
  }

  reset(): void {
    this.#registers.reset();
    this.#line.reset();
    this.#interruptEnable = 0;
    this.#fifoControl = 0;
    this.#divisor = divisorOf(this.#baud);
    this.#modemChanges = 0;
    this.#overrun = false;
    this.#timedOut = false;
    this.#transmitted = false;
    this.#timeout.cancel();
    this.#updateInterrupt();
  }

  save(): VdevState {
    const state = {
      registers: this.#registers.save(),
      received: this.#received.toArray(),
      interruptEnable: this.#interruptEnable,
      fifoControl: this.#fifoControl,
      divisor: this.#divisor,
      modemChanges: this.#modemChanges,
      overrun: this.#overrun,
      timedOut: this.#timedOut,
      transmitted: this.#transmitted,
    };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, STATE_MEMBERS, 'qcar-uart state');
    const registers = this.#registers.decode(state.registers);
    const received = requireUnsignedArray(state.received, FIFO_DEPTH, 0xff, 'received');
    const interruptEnable = requireUnsigned(state.interruptEnable, 0x0f, 'interruptEnable');
    const fifoControl = requireUnsigned(state.fifoControl, FCR_STORED, 'fifoControl') & FCR_STORED;
    const divisor = requireUnsigned(state.divisor, 0xffff, 'divisor');
    const changes = requireUnsigned(state.modemChanges, 0x0f, 'modemChanges');
    const overrun = requireBoolean(state.overrun, 'overrun');
    const timedOut = requireBoolean(state.timedOut, 'timedOut');
    this.#transmitted = requireBoolean(state.transmitted, 'transmitted');
    this.#registers.load(registers);
    this.#interruptEnable = interruptEnable;
    this.#fifoControl = fifoControl;
    this.#divisor = divisor;
    this.#modemChanges = changes;
    this.#overrun = overrun;
    this.#timedOut = timedOut;
    this.#line.restore(received, this.#fifoEnabled);
    this.#timeout.cancel();
    this.#startTimeout();
    this.#updateInterrupt();
    this.#line.setInterruptEnabled((interruptEnable & IER_ERBFI) !== 0);
    this.#line.takeInput();
  }

  status(): Readonly<Record<string, Json>> {
    return {
      ...this.#line.status(),
      baud: baudOf(this.#divisor),
      divisor: this.#divisor,
      registers: { ...this.#registers.save(), IER: this.#interruptEnable, FCR: this.#fifoControl },
    };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const base = this.#context.mmioBase.registers ?? 0;
    return [
      {
        name: `serial@${base.toString(16)}`,
        properties: {
          compatible: 'ns16550a',
          reg: { cells: context.reg(base, QCAR_UART_SIZE) },
          'reg-shift': { cells: [2] },
          'reg-io-width': { cells: [4] },
          interrupts: { cells: context.interruptCells(this.#interrupt.number, 'level') },
          'clock-frequency': { cells: [UART_CLOCK_HZ] },
          'current-speed': { cells: [this.#baud] },
        },
      },
    ];
  }

  dispose(): void {
    this.#timeout.dispose();
    this.#line.dispose();
  }

  readFirst(): number {
    return this.#divisorLatch ? this.#divisor & 0xff : this.#receiveData();
  }

  writeFirst(value: number): void {
    this.#line.stopPolling();
    if (this.#divisorLatch) this.#divisor = (this.#divisor & 0xff00) | value;
    else this.#transmitData(value);
  }

  readSecond(): number {
    return this.#divisorLatch ? this.#divisor >>> 8 : this.#interruptEnable;
  }

  writeSecond(value: number): void {
    this.#line.stopPolling();
    if (this.#divisorLatch) this.#divisor = (this.#divisor & 0x00ff) | (value << 8);
    else this.#enableInterrupts(value & 0x0f);
  }

  identifyInterrupt(): number {
    const source = this.#pendingInterrupt;
    // §8.6: reading IIR clears this interrupt.
    if (source === IIR_TRANSMITTER_EMPTY) {
      this.#transmitted = false;
      this.#updateInterrupt();
    }
    return source | (this.#fifoEnabled ? IIR_FIFOS_ON : 0);
  }

  /** §8.4: the other bits of FCR take effect only if FIFO enable is set, and a change of that bit clears the FIFOs. */
  controlFifos(value: number): void {
    this.#line.stopPolling();
    const enabled = (value & FCR_FIFO_ENABLE) !== 0;
    const toggled = enabled !== this.#fifoEnabled;
    this.#fifoControl = enabled ? value & FCR_STORED : 0;
    this.#received.enable(enabled);
    if (toggled || (enabled && (value & FCR_RCVR_RESET) !== 0)) this.#clearReceiver();
    this.#updateInterrupt();
    this.#line.takeInput();
  }

  lineControlChanged(): void {
    this.#line.stopPolling();
  }

  modemControlChanged(value: number, previous: number): void {
    this.#line.stopPolling();
    this.#modemChanges |= modemChanges(modemLines(value), modemLines(previous));
    this.#updateInterrupt();
    this.#line.takeInput();
  }

  lineStatus(): number {
    this.#line.poll();
    const status = LSR_THRE | LSR_TEMT | (this.#received.isEmpty ? 0 : LSR_DR) | (this.#overrun ? LSR_OE : 0);
    this.#overrun = false;
    this.#updateInterrupt();
    return status;
  }

  modemStatus(): number {
    const status = modemLines(this.#registers.get('MCR')) | this.#modemChanges;
    this.#modemChanges = 0;
    this.#updateInterrupt();
    return status;
  }

  get #divisorLatch(): boolean {
    return (this.#registers.get('LCR') & LCR_DLAB) !== 0;
  }

  get #fifoEnabled(): boolean {
    return (this.#fifoControl & FCR_FIFO_ENABLE) !== 0;
  }

  get #loopback(): boolean {
    return (this.#registers.get('MCR') & MCR_LOOP) !== 0;
  }

  get #atTrigger(): boolean {
    return this.#received.count >= receiveTrigger(this.#fifoControl, this.#fifoEnabled);
  }

  /** IIR bits 3–0: the enabled and pending interrupt of the highest priority (table IV). */
  get #pendingInterrupt(): number {
    const enabled = this.#interruptEnable;
    if ((enabled & IER_ELSI) !== 0 && this.#overrun) return IIR_LINE_STATUS;
    if ((enabled & IER_ERBFI) !== 0 && this.#atTrigger) return IIR_DATA_AVAILABLE;
    if ((enabled & IER_ERBFI) !== 0 && this.#timedOut) return IIR_CHARACTER_TIMEOUT;
    if ((enabled & IER_ETBEI) !== 0 && this.#transmitted) return IIR_TRANSMITTER_EMPTY;
    if ((enabled & IER_EDSSI) !== 0 && this.#modemChanges !== 0) return IIR_MODEM_STATUS;
    return IIR_NONE;
  }

  #enableInterrupts(value: number): void {
    // The transmitter is always empty, so its interrupt is due as soon as it is enabled (§8.6).
    if ((value & ~this.#interruptEnable & IER_ETBEI) !== 0) this.#transmitted = true;
    this.#interruptEnable = value;
    this.#updateInterrupt();
    this.#line.setInterruptEnabled((value & IER_ERBFI) !== 0);
  }

  /** Characters are sent at once, so the transmitter is always empty. */
  #transmitData(value: number): void {
    if (this.#loopback) {
      this.#receive(value);
    } else {
      this.#line.send(value);
    }
    this.#transmitted = true;
    this.#updateInterrupt();
  }

  #receiveData(): number {
    this.#line.poll();
    const character = this.#received.shift();
    this.#timedOut = false;
    this.#startTimeout();
    this.#updateInterrupt();
    if (this.#received.isEmpty) this.#line.takeInput();
    return character;
  }

  #clearReceiver(): void {
    this.#received.clear();
    this.#timedOut = false;
    this.#timeout.cancel();
  }

  #receive(character: number): void {
    if (this.#received.isFull) {
      this.#overrun = true;
    } else {
      this.#received.push(character);
      this.#startTimeout();
    }
    this.#updateInterrupt();
  }

  /** The time-out exists only with FIFOs (§8.4.2); it restarts with each character that is added or removed. */
  #startTimeout(): void {
    if (this.#received.isEmpty || !this.#fifoEnabled || this.#timedOut) {
      this.#timeout.cancel();
      return;
    }
    this.#timeout.arm(this.#context.clock.now() + characterTimeoutNs(this.#divisor));
  }

  #characterTimeout(): void {
    this.#timedOut = true;
    this.#updateInterrupt();
  }

  #updateInterrupt(): void {
    this.#interrupt.set(this.#pendingInterrupt !== IIR_NONE);
  }
}
