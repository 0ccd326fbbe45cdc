import type { RegisterLayout } from '@qvm/core/vdev';

/** Size of the register page in bytes. */
export const COPY_ENGINE_BYTES = 0x1000;
/** Largest copy in bytes. */
export const MOST_COPY_BYTES = 0x10_0000;

/** Bits of CONTROL. */
export enum Control {
  /** Writing 1 starts a copy; reads as zero. */
  Start = 1 << 0,
  /** Enables the interrupt for STATUS.DONE. */
  InterruptEnable = 1 << 1,
}

/** Bits of STATUS. */
export enum Status {
  Done = 1 << 0,
  /** The copy was refused: nothing was copied. */
  Error = 1 << 1,
  Busy = 1 << 2,
}

/** Effects of the registers. */
export interface CopyEngineOperations {
  control(value: number): void;
  controlBits(): number;
  statusBits(): number;
  acknowledge(bits: number): void;
}

/**
 * The registers of the copy engine.
 *
 * @internal
 */
export const copyEngineRegisters = {
  ID: { offset: 0x00, access: 'ro', description: 'Identification: "QCPY"', read: () => 0x5950_4351 },
  CONTROL: {
    offset: 0x04,
    access: 'rw',
    bits: 2,
    description: 'Bit 0: start, reads as zero. Bit 1: interrupt enable',
    read: (engine: CopyEngineOperations) => engine.controlBits(),
    write: (engine: CopyEngineOperations, value: number) => engine.control(value),
  },
  STATUS: {
    offset: 0x08,
    access: 'rw',
    bits: 3,
    description: 'Bit 0: done. Bit 1: error. Bit 2: busy. Writing 1 clears done and error',
    read: (engine: CopyEngineOperations) => engine.statusBits(),
    write: (engine: CopyEngineOperations, value: number) => engine.acknowledge(value),
  },
  LENGTH: { offset: 0x0c, access: 'rw', bits: 21, description: 'Bytes to copy, 0 to 1 MiB' },
  SRC_LO: { offset: 0x10, access: 'rw', description: 'Address of the source, low word' },
  SRC_HI: { offset: 0x14, access: 'rw', bits: 16, description: 'High word' },
  DST_LO: { offset: 0x18, access: 'rw', description: 'Address of the destination, low word' },
  DST_HI: { offset: 0x1c, access: 'rw', bits: 16, description: 'High word' },
} as const satisfies RegisterLayout<CopyEngineOperations>;

export type CopyEngineRegister = keyof typeof copyEngineRegisters;
