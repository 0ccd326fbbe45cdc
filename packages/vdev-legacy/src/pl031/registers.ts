import type { RegisterLayout } from '@qvm/core/vdev';
import { primeCellRegisters } from '../primecell.js';

/**
 * Effects of the registers on the clock.
 *
 * @internal
 */
export interface Pl031Operations {
  time(): number;
  matchChanged(): void;
  loadChanged(value: number): void;
  interruptMaskChanged(): void;
  maskedInterrupt(): number;
  clearInterrupt(value: number): void;
}

/** @internal */
export type Pl031RegisterName = Exclude<keyof typeof registers, symbol>;

/** Arm PL031 TRM (DDI 0224) §3.2, table 3-1, without the integration-test registers. */
const registers = {
  DR: {
    offset: 0x000,
    access: 'ro',
    description: 'The time, in seconds since 1970',
    read: (clock: Pl031Operations) => clock.time(),
  },
  MR: {
    offset: 0x004,
    access: 'rw',
    description: 'Match: the alarm comes when DR gets to this value',
    changed: (clock: Pl031Operations) => clock.matchChanged(),
  },
  LR: {
    offset: 0x008,
    access: 'rw',
    description: 'Load: sets DR; reads as the value last written',
    changed: (clock: Pl031Operations, value: number) => clock.loadChanged(value),
  },
  CR: {
    offset: 0x00c,
    access: 'rw',
    bits: 1,
    description: 'Control: the clock always runs, reads as 1; writes have no effect',
    read: () => 1,
    write: () => undefined,
  },
  IMSC: {
    offset: 0x010,
    access: 'rw',
    bits: 1,
    description: 'Interrupt mask: 1 lets the alarm through',
    changed: (clock: Pl031Operations) => clock.interruptMaskChanged(),
  },
  RIS: { offset: 0x014, access: 'ro', bits: 1, description: 'Alarm, before the mask' },
  MIS: {
    offset: 0x018,
    access: 'ro',
    bits: 1,
    description: 'Alarm, after the mask',
    read: (clock: Pl031Operations) => clock.maskedInterrupt(),
  },
  ICR: {
    offset: 0x01c,
    access: 'wo',
    bits: 1,
    description: 'Writing 1 clears the alarm',
    write: (clock: Pl031Operations, value: number) => clock.clearInterrupt(value),
  },
  ...primeCellRegisters([0x31, 0x10, 0x14, 0x00]),
} as const satisfies RegisterLayout<Pl031Operations>;

/**
 * The registers of the PL031.
 *
 * @internal
 */
export const pl031Registers: RegisterLayout<Pl031Operations, Pl031RegisterName> = registers;
