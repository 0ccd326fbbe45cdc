/*
 * The UART 16550, from the National Semiconductor PC16550D data sheet (June 1995), without a bus.
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
import type { InterruptLine, VdevContext, VdevState } from '@qvm/core/vdev';
import { FIFO_DEPTH, type ReceiveFifo } from '../serial/receive-fifo.js';
import { SerialLine } from '../serial/serial-line.js';
import { baudOf, divisorOf } from './baud.js';
import {
  FCR_FIFO_ENABLE,
  FCR_STORED,
  IER_ERBFI,
  IER_ETBEI,
  IIR_FIFOS_ON,
  IIR_NONE,
  IIR_TRANSMITTER_EMPTY,
  LCR_DLAB,
  LSR_DR,
  LSR_OE,
  LSR_TEMT,
  LSR_THRE,
  MCR_LOOP,
  MCR_OUT2,
} from './constants.js';
import { pendingInterrupt } from './interrupts.js';
import { modemChanges, modemLines } from './modem.js';
import { Receiver } from './receiver.js';
import { UART_16550_REGISTERS_SIZE, uart16550Registers } from './registers.js';
import type { Uart16550Operations, Uart16550RegisterName } from './registers.js';

const STATE_VERSION = 1;
const STATE_MEMBERS = [
  ...['registers', 'received', 'interruptEnable', 'fifoControl', 'divisor', 'modemChanges'],
  ...['overrun', 'timedOut', 'transmitted'],
];

/**
 * The circuit around a 16550.
 *
 * @internal
 */
export interface Uart16550Wiring {
  /** Back end of the characters. */
  readonly hostdev: string;
  /** Rate of the line in baud before the guest sets one. */
  readonly baud: number;
  /** The clock that the divisor divides, in hertz. */
  readonly clockHz: number;
  /** Whether the output OUT2 connects the interrupt, as in PCs. OUT2 is inactive in loopback (§8.7). */
  readonly interruptByOut2: boolean;
}

/**
 * A 16550 that a vdev puts on a bus.
 *
 * @internal
 */
export class Uart16550 implements Uart16550Operations {
  /** The registers, each in a 32-bit word. */
  readonly registers: RegisterBlock<Uart16550Operations, Uart16550RegisterName>;
  /** The interrupt `uart`. */
  readonly interrupt: InterruptLine;
  readonly #wiring: Uart16550Wiring;
  readonly #line: SerialLine;
  readonly #received: ReceiveFifo;
  readonly #receiver: Receiver;
  #interruptEnable = 0;
  #divisor: number;
  /** MSR bits 3–0. */
  #modemChanges = 0;
  /** Whether the transmitter has become empty and IIR has not reported it yet. */
  #transmitted = false;

  /** @throws QvmError errors of opening the back end. */
  constructor(context: VdevContext, wiring: Uart16550Wiring) {
    this.#wiring = wiring;
    this.#divisor = this.#initialDivisor;
    this.registers = new RegisterBlock(uart16550Registers, this as Uart16550Operations, UART_16550_REGISTERS_SIZE);
    this.interrupt = context.interrupt('uart');
    this.#line = new SerialLine(context, wiring.hostdev, {
      receives: () => !this.#loopback,
      receive: (character) => this.#receive(character),
    });
    this.#received = this.#line.received;
    this.#receiver = new Receiver(context, this.#received, {
      clockHz: wiring.clockHz,
      divisor: () => this.#divisor,
      timedOut: () => this.#updateInterrupt(),
    });
  }

  reset(): void {
    this.registers.reset();
    this.#line.reset();
    this.#interruptEnable = 0;
    this.#divisor = this.#initialDivisor;
    this.#modemChanges = 0;
    this.#transmitted = false;
    this.#receiver.reset();
    this.#updateInterrupt();
  }

  save(): VdevState {
    const state = {
      registers: this.registers.save(),
      received: this.#received.toArray(),
      interruptEnable: this.#interruptEnable,
      divisor: this.#divisor,
      modemChanges: this.#modemChanges,
      transmitted: this.#transmitted,
      ...this.#receiver.save(),
    };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, STATE_MEMBERS, 'state of a 16550');
    const registers = this.registers.decode(state.registers);
    const received = requireUnsignedArray(state.received, FIFO_DEPTH, 0xff, 'received');
    const interruptEnable = requireUnsigned(state.interruptEnable, 0x0f, 'interruptEnable');
    const fifoControl = requireUnsigned(state.fifoControl, FCR_STORED, 'fifoControl') & FCR_STORED;
    const divisor = requireUnsigned(state.divisor, 0xffff, 'divisor');
    const changes = requireUnsigned(state.modemChanges, 0x0f, 'modemChanges');
    const overrun = requireBoolean(state.overrun, 'overrun');
    const timedOut = requireBoolean(state.timedOut, 'timedOut');
    this.#transmitted = requireBoolean(state.transmitted, 'transmitted');
    this.registers.load(registers);
    this.#interruptEnable = interruptEnable;
    this.#divisor = divisor;
    this.#modemChanges = changes;
    this.#line.restore(received, (fifoControl & FCR_FIFO_ENABLE) !== 0);
    this.#receiver.load({ fifoControl, overrun, timedOut });
    this.#updateInterrupt();
    this.#line.setInterruptEnabled((interruptEnable & IER_ERBFI) !== 0);
    this.#line.takeInput();
  }

  status(): Readonly<Record<string, Json>> {
    return {
      ...this.#line.status(),
      baud: baudOf(this.#divisor, this.#wiring.clockHz),
      divisor: this.#divisor,
      registers: {
        ...this.registers.save(),
        IER: this.#interruptEnable,
        FCR: this.#receiver.save().fifoControl,
      },
    };
  }

  dispose(): void {
    this.#receiver.dispose();
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
    return source | (this.#receiver.fifoEnabled ? IIR_FIFOS_ON : 0);
  }

  controlFifos(value: number): void {
    this.#line.stopPolling();
    this.#receiver.controlFifos(value);
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
    const ready = this.#received.isEmpty ? 0 : LSR_DR;
    const overrun = this.#receiver.takeOverrun() ? LSR_OE : 0;
    this.#updateInterrupt();
    return LSR_THRE | LSR_TEMT | ready | overrun;
  }

  modemStatus(): number {
    const status = modemLines(this.registers.get('MCR')) | this.#modemChanges;
    this.#modemChanges = 0;
    this.#updateInterrupt();
    return status;
  }

  get #initialDivisor(): number {
    return divisorOf(this.#wiring.baud, this.#wiring.clockHz);
  }

  get #divisorLatch(): boolean {
    return (this.registers.get('LCR') & LCR_DLAB) !== 0;
  }

  get #loopback(): boolean {
    return (this.registers.get('MCR') & MCR_LOOP) !== 0;
  }

  get #interruptConnected(): boolean {
    return !this.#wiring.interruptByOut2 || (this.registers.get('MCR') & (MCR_OUT2 | MCR_LOOP)) === MCR_OUT2;
  }

  get #pendingInterrupt(): number {
    return pendingInterrupt(this.#interruptEnable, this.#receiver, this.#transmitted, this.#modemChanges);
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
    if (this.#loopback) this.#receiver.add(value);
    else this.#line.send(value);
    this.#transmitted = true;
    this.#updateInterrupt();
  }

  #receiveData(): number {
    this.#line.poll();
    const character = this.#receiver.take();
    this.#updateInterrupt();
    if (this.#received.isEmpty) this.#line.takeInput();
    return character;
  }

  #receive(character: number): void {
    this.#receiver.add(character);
    this.#updateInterrupt();
  }

  #updateInterrupt(): void {
    this.interrupt.set(this.#interruptConnected && this.#pendingInterrupt !== IIR_NONE);
  }
}
