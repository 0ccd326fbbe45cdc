import type { RegisterLayout } from '@qvm/core/vdev';
import { primeCellRegisters } from '../primecell.js';

/**
 * Effects of the registers on the watchdog.
 *
 * @internal
 */
export interface Sp805Operations {
  load(): number;
  setLoad(value: number): void;
  remaining(): number;
  control(): number;
  setControl(value: number): void;
  clearInterrupt(): void;
  maskedInterrupt(): number;
  isLocked(): number;
  setLock(value: number): void;
}

/** @internal */
export type Sp805RegisterName = Exclude<keyof typeof registers, symbol>;

/** Arm SP805 TRM (DDI 0270) §3.2, table 3-1, without the integration-test registers. */
const registers = {
  WdogLoad: {
    offset: 0x000,
    access: 'rw',
    description: 'Start value of the counter, 1 or more; writing restarts it',
    read: (dog: Sp805Operations) => dog.load(),
    write: (dog: Sp805Operations, value: number) => dog.setLoad(value),
  },
  WdogValue: {
    offset: 0x004,
    access: 'ro',
    description: 'The counter',
    read: (dog: Sp805Operations) => dog.remaining(),
  },
  WdogControl: {
    offset: 0x008,
    access: 'rw',
    bits: 2,
    description: 'Control: INTEN counts and interrupts, RESEN lets it bite',
    read: (dog: Sp805Operations) => dog.control(),
    write: (dog: Sp805Operations, value: number) => dog.setControl(value),
  },
  WdogIntClr: {
    offset: 0x00c,
    access: 'wo',
    description: 'Any write clears the interrupt and restarts the counter',
    write: (dog: Sp805Operations) => dog.clearInterrupt(),
  },
  WdogRIS: { offset: 0x010, access: 'ro', bits: 1, description: 'Interrupt before the mask' },
  WdogMIS: {
    offset: 0x014,
    access: 'ro',
    bits: 1,
    description: 'Interrupt after the mask (INTEN)',
    read: (dog: Sp805Operations) => dog.maskedInterrupt(),
  },
  WdogLock: {
    offset: 0xc00,
    access: 'rw',
    description: 'Writing 0x1acce551 lets writes through, anything else locks; reads 1 when locked',
    read: (dog: Sp805Operations) => dog.isLocked(),
    write: (dog: Sp805Operations, value: number) => dog.setLock(value),
  },
  ...primeCellRegisters([0x05, 0x18, 0x14, 0x00]),
} as const satisfies RegisterLayout<Sp805Operations>;

/**
 * The registers of the SP805.
 *
 * @internal
 */
export const sp805Registers: RegisterLayout<Sp805Operations, Sp805RegisterName> = registers;
