import type { RegisterLayout } from '@qvm/core/vdev';
import { primeCellRegisters } from '../primecell.js';

/**
 * Effects of the registers on the lines.
 *
 * @internal
 */
export interface Pl061Operations {
  configurationChanged(): void;
  maskedInterrupts(): number;
  clearInterrupts(value: number): void;
}

/** @internal */
export type Pl061RegisterName = Exclude<keyof typeof registers, symbol>;

const configurationChanged = (gpio: Pl061Operations): void => gpio.configurationChanged();

/** Arm PL061 TRM (DDI 0190) §3.2, table 3-1, after GPIODATA and without the integration-test registers. */
const registers = {
  GPIODIR: {
    offset: 0x400,
    access: 'rw',
    bits: 8,
    description: 'Direction: 1 makes a line an output',
    changed: configurationChanged,
  },
  GPIOIS: {
    offset: 0x404,
    access: 'rw',
    bits: 8,
    description: 'Interrupt sense: 1 detects levels, 0 edges',
    changed: configurationChanged,
  },
  GPIOIBE: {
    offset: 0x408,
    access: 'rw',
    bits: 8,
    description: 'Interrupt on both edges',
    changed: configurationChanged,
  },
  GPIOIEV: {
    offset: 0x40c,
    access: 'rw',
    bits: 8,
    description: 'Interrupt event: 1 rising edge or high level, 0 falling edge or low level',
    changed: configurationChanged,
  },
  GPIOIE: {
    offset: 0x410,
    access: 'rw',
    bits: 8,
    description: 'Interrupt mask: 1 lets a line through',
    changed: configurationChanged,
  },
  GPIORIS: { offset: 0x414, access: 'ro', bits: 8, description: 'Interrupts before the mask' },
  GPIOMIS: {
    offset: 0x418,
    access: 'ro',
    bits: 8,
    description: 'Interrupts after the mask',
    read: (gpio: Pl061Operations) => gpio.maskedInterrupts(),
  },
  GPIOIC: {
    offset: 0x41c,
    access: 'wo',
    bits: 8,
    description: 'Clears the edge interrupts written as 1',
    write: (gpio: Pl061Operations, value: number) => gpio.clearInterrupts(value),
  },
  GPIOAFSEL: { offset: 0x420, access: 'rw', bits: 8, description: 'Mode control (kept, without effect)' },
  ...primeCellRegisters([0x61, 0x10, 0x04, 0x00]),
} as const satisfies RegisterLayout<Pl061Operations>;

/**
 * The registers of the PL061 from GPIODIR on.
 *
 * @internal
 */
export const pl061Registers: RegisterLayout<Pl061Operations, Pl061RegisterName> = registers;
