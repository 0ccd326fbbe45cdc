import type { RegisterLayout } from '@qvm/core/vdev';

/**
 * Effects of the registers on the UART.
 *
 * @internal
 */
export interface Uart16550Operations {
  readFirst(): number;
  writeFirst(value: number): void;
  readSecond(): number;
  writeSecond(value: number): void;
  identifyInterrupt(): number;
  controlFifos(value: number): void;
  lineControlChanged(): void;
  modemControlChanged(value: number, previous: number): void;
  lineStatus(): number;
  modemStatus(): number;
}

/**
 * Size of the registers in bytes, each in a 32-bit word.
 *
 * @internal
 */
export const UART_16550_REGISTERS_SIZE = 0x20;

/** @internal */
export type Uart16550RegisterName = Exclude<keyof typeof registers, symbol>;

/** PC16550D data sheet, table II, one register in each 32-bit word. */
const registers = {
  RBR_THR: {
    offset: 0x00,
    access: 'rw',
    bits: 8,
    description: 'Read: received character; write: character to send; with DLAB the divisor, low byte',
    read: (uart: Uart16550Operations) => uart.readFirst(),
    write: (uart: Uart16550Operations, value: number) => uart.writeFirst(value),
  },
  IER: {
    offset: 0x04,
    access: 'rw',
    bits: 8,
    description: 'Interrupt enable: ERBFI, ETBEI, ELSI, EDSSI; with DLAB the divisor, high byte',
    read: (uart: Uart16550Operations) => uart.readSecond(),
    write: (uart: Uart16550Operations, value: number) => uart.writeSecond(value),
  },
  IIR_FCR: {
    offset: 0x08,
    access: 'rw',
    bits: 8,
    description: 'Read: pending interrupt of the highest priority; write: FIFO control',
    read: (uart: Uart16550Operations) => uart.identifyInterrupt(),
    write: (uart: Uart16550Operations, value: number) => uart.controlFifos(value),
  },
  LCR: {
    offset: 0x0c,
    access: 'rw',
    bits: 8,
    description: 'Line control: DLAB; the rest is kept, without effect',
    changed: (uart: Uart16550Operations) => uart.lineControlChanged(),
  },
  MCR: {
    offset: 0x10,
    access: 'rw',
    bits: 5,
    description: 'Modem control: loopback, and in it DTR, RTS, OUT1, OUT2',
    changed: (uart: Uart16550Operations, value: number, previous: number) => uart.modemControlChanged(value, previous),
  },
  LSR: {
    offset: 0x14,
    access: 'ro',
    bits: 8,
    description: 'Line status: DR, OE (cleared by reading), THRE and TEMT (always 1)',
    read: (uart: Uart16550Operations) => uart.lineStatus(),
  },
  MSR: {
    offset: 0x18,
    access: 'ro',
    bits: 8,
    description: 'Modem status: CTS, DSR, RI, DCD and their changes (cleared by reading)',
    read: (uart: Uart16550Operations) => uart.modemStatus(),
  },
  SCR: { offset: 0x1c, access: 'rw', bits: 8, description: 'Scratch' },
} as const satisfies RegisterLayout<Uart16550Operations>;

/**
 * The registers of the UART.
 *
 * @internal
 */
export const uart16550Registers: RegisterLayout<Uart16550Operations, Uart16550RegisterName> = registers;
