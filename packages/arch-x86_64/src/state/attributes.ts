export { Attribute, CODE_ATTRIBUTES, DATA_ATTRIBUTES } from '@qvm/isa-x86_64';

/** The bits of {@link Attribute} with the type of a descriptor. @experimental */
export const TYPE_MASK = 0xf;

/** Descriptor privilege level. @experimental */
export const dplOf = (attributes: number): number => (attributes >>> 5) & 3;

/** Types of system descriptors (SDM vol. 3, table 3-2). @experimental */
export enum SystemType {
  Tss16 = 1,
  Ldt = 2,
  BusyTss16 = 3,
  CallGate16 = 4,
  TaskGate = 5,
  InterruptGate16 = 6,
  TrapGate16 = 7,
  Tss = 9,
  BusyTss = 11,
  CallGate = 12,
  InterruptGate = 14,
  TrapGate = 15,
}

/** The bit that a busy TSS has and an available one has not. @experimental */
export const BUSY = 1 << 1;
