import type { RegisterLayout } from '@qvm/core/vdev';
import { primeCellRegisters } from '../primecell.js';

/**
 * Effects of the registers on the interface.
 *
 * @internal
 */
export interface KmiOperations {
  controlChanged(): void;
  lineStatus(): number;
  readData(): number;
  writeData(value: number): void;
  pendingInterrupts(): number;
}

/** @internal */
export type KmiRegisterName = Exclude<keyof typeof registers, symbol>;

/** Arm PL050 TRM (DDI 0143) §3.2, table 3-1, without the integration-test registers. */
const registers = {
  KMICR: {
    offset: 0x00,
    access: 'rw',
    bits: 6,
    description: 'Control: KMIEN, KMITXINTREN, KMIRXINTREN; the rest is kept, without effect',
    changed: (kmi: KmiOperations) => kmi.controlChanged(),
  },
  KMISTAT: {
    offset: 0x04,
    access: 'ro',
    bits: 7,
    description: 'Status: TXEMPTY (always), RXFULL, RXPARITY, clock and data high',
    read: (kmi: KmiOperations) => kmi.lineStatus(),
  },
  KMIDATA: {
    offset: 0x08,
    access: 'rw',
    bits: 8,
    description: 'Data: the byte received; writing sends one',
    read: (kmi: KmiOperations) => kmi.readData(),
    write: (kmi: KmiOperations, value: number) => kmi.writeData(value),
  },
  KMICLKDIV: { offset: 0x0c, access: 'rw', bits: 4, description: 'Clock divisor (kept, without effect)' },
  KMIIR: {
    offset: 0x10,
    access: 'ro',
    bits: 2,
    description: 'Interrupts: bit 0 received, bit 1 sent',
    read: (kmi: KmiOperations) => kmi.pendingInterrupts(),
  },
  ...primeCellRegisters([0x50, 0x10, 0x04, 0x00]),
} as const satisfies RegisterLayout<KmiOperations>;

/**
 * The registers of a PL050.
 *
 * @internal
 */
export const kmiRegisters: RegisterLayout<KmiOperations, KmiRegisterName> = registers;
