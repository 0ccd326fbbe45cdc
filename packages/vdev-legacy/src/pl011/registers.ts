import type { RegisterLayout } from '@qvm/core/vdev';
import { primeCellRegisters } from '../primecell.js';

/**
 * Effects of the registers on the UART.
 *
 * @internal
 */
export interface Pl011Operations {
  receiveData(): number;
  transmitData(value: number): void;
  clearErrors(): void;
  pollFlags(): number;
  lineControlChanged(value: number, previous: number): void;
  controlChanged(value: number, previous: number): void;
  interruptMaskChanged(value: number): void;
  maskedInterrupts(): number;
  clearInterrupts(value: number): void;
}

/** @internal */
export type Pl011RegisterName = Exclude<keyof typeof registers, symbol>;

/** Arm PL011 TRM (DDI 0183) §3.2, table 3-1, without the integration-test registers. */
const registers = {
  DR: {
    offset: 0x000,
    access: 'rw',
    bits: 12,
    description: 'Data: the character in bits 7–0; OE in bit 11 of what is read',
    read: (uart: Pl011Operations) => uart.receiveData(),
    write: (uart: Pl011Operations, value: number) => uart.transmitData(value),
  },
  RSR: {
    offset: 0x004,
    access: 'rw',
    bits: 4,
    description: 'Receive status; any write clears it (ECR)',
    write: (uart: Pl011Operations) => uart.clearErrors(),
  },
  FR: {
    offset: 0x018,
    access: 'ro',
    bits: 9,
    description: 'Flags: CTS, DSR, DCD, BUSY, RXFE, TXFF, RXFF, TXFE, RI',
    read: (uart: Pl011Operations) => uart.pollFlags(),
  },
  ILPR: { offset: 0x020, access: 'rw', bits: 8, description: 'IrDA low-power counter (kept, without effect)' },
  IBRD: { offset: 0x024, access: 'rw', bits: 16, description: 'Baud rate divisor, integer part' },
  FBRD: { offset: 0x028, access: 'rw', bits: 6, description: 'Baud rate divisor, fraction in 1/64' },
  LCR_H: {
    offset: 0x02c,
    access: 'rw',
    bits: 8,
    description: 'Line control: FEN turns the FIFOs on; the rest is kept, without effect',
    changed: (uart: Pl011Operations, value: number, previous: number) => uart.lineControlChanged(value, previous),
  },
  CR: {
    offset: 0x030,
    access: 'rw',
    bits: 16,
    reset: 0x300,
    description: 'Control: LBE and, in loopback, DTR, RTS, Out1, Out2; UARTEN, TXE and RXE are kept, without effect',
    changed: (uart: Pl011Operations, value: number, previous: number) => uart.controlChanged(value, previous),
  },
  IFLS: { offset: 0x034, access: 'rw', bits: 6, reset: 0x12, description: 'FIFO levels that raise RX and TX' },
  IMSC: {
    offset: 0x038,
    access: 'rw',
    bits: 11,
    description: 'Interrupt mask: 1 lets a source through',
    changed: (uart: Pl011Operations, value: number) => uart.interruptMaskChanged(value),
  },
  RIS: { offset: 0x03c, access: 'ro', bits: 11, description: 'Interrupt sources before the mask' },
  MIS: {
    offset: 0x040,
    access: 'ro',
    bits: 11,
    description: 'Interrupt sources after the mask',
    read: (uart: Pl011Operations) => uart.maskedInterrupts(),
  },
  ICR: {
    offset: 0x044,
    access: 'wo',
    bits: 11,
    description: 'Clears the interrupt sources written as 1',
    write: (uart: Pl011Operations, value: number) => uart.clearInterrupts(value),
  },
  DMACR: { offset: 0x048, access: 'rw', bits: 3, description: 'DMA control (kept; there is no DMA)' },
  ...primeCellRegisters([0x11, 0x10, 0x14, 0x00]),
} as const satisfies RegisterLayout<Pl011Operations>;

/**
 * The registers of the PL011.
 *
 * @internal
 */
export const pl011Registers: RegisterLayout<Pl011Operations, Pl011RegisterName> = registers;
