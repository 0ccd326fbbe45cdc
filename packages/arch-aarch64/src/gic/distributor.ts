import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';
import { bankRegisters } from './bank-registers.js';
import type { BankTarget } from './bank-registers.js';
import type { GicCore } from './gic-core.js';
import { identificationRegister, IIDR } from './identification.js';
import { DISTRIBUTOR_SIZE, PRIVATE_INTERRUPTS, SHARED_INTERRUPTS, SHARED_WORDS } from './limits.js';
import { RegisterFrame } from './register-frame.js';
import type { FrameRegister } from './register-frame.js';

/** GICD_CTLR: one security state, affinity routing (IHI 0069, 12.9). */
const CTLR_DS = 1 << 6;
const CTLR_ARE = 1 << 4;
/** GICD_TYPER: affinity 3 is valid, INTIDs have 16 bits, number of words of shared interrupts (12.9). */
const TYPER = (1 << 24) | (15 << 19) | SHARED_WORDS;
/** Largest number of words in a one-bit register of the distributor. */
const BANKS = 32;

/** GICD_IROUTER<32>: 8 bytes for each interrupt from INTID 0 on, the first 32 reserved. */
const IROUTER = 0x6000 + PRIVATE_INTERRUPTS * 8;

/** The distributor's registers (IHI 0069, 12.9). */
export const DISTRIBUTOR_REGISTERS: readonly FrameRegister<Distributor>[] = [
  {
    offset: 0x0000,
    name: 'GICD_CTLR',
    access: 'rw',
    description: 'EnableGrp0 and EnableGrp1; ARE and DS read as 1, RWP as 0',
    read: ({ core }) => CTLR_DS | CTLR_ARE | core.groups,
    write: ({ core }, _index, value) => {
      core.groups = value;
    },
  },
  {
    offset: 0x0004,
    name: 'GICD_TYPER',
    access: 'ro',
    description: 'INTIDs to 287, 16 INTID bits, affinity 3, no LPIs, no message-based SPIs',
    read: () => TYPER,
  },
  { offset: 0x0008, name: 'GICD_IIDR', access: 'ro', description: 'Implementer: Arm', read: () => IIDR },
  { offset: 0x000c, name: 'GICD_TYPER2', access: 'raz', description: 'Nothing of GICv4.1' },
  { offset: 0x0010, name: 'GICD_STATUSR', access: 'raz', description: 'No error is reported' },
  ...bankRegisters('GICD_', BANKS),
  {
    offset: 0x0800,
    name: 'GICD_ITARGETSR',
    access: 'raz',
    words: 256,
    description: 'Reserved with affinity routing',
  },
  { offset: 0x0e00, name: 'GICD_NSACR', access: 'raz', words: 64, description: 'Reserved with one security state' },
  {
    offset: IROUTER,
    name: 'GICD_IROUTER',
    access: 'rw',
    words: SHARED_INTERRUPTS * 2,
    description: 'From INTID 32 on, 8 bytes each: affinity of the vCPU, or IRM (bit 31) for any one',
    read: ({ core }, index) => core.routing.read(index >>> 1, (index & 1) !== 0),
    write: ({ core }, index, value) => {
      core.routing.write(index >>> 1, (index & 1) !== 0, value);
      core.refreshAll();
    },
  },
  identificationRegister('GICD_', 0x92),
];

const FRAME = new RegisterFrame(DISTRIBUTOR_REGISTERS, DISTRIBUTOR_SIZE);

/** GICD: the registers of the shared interrupts. */
export class Distributor implements MmioHandler, BankTarget {
  readonly core: GicCore;

  constructor(core: GicCore) {
    this.core = core;
  }

  /** With affinity routing, word 0 belongs to the redistributors. */
  bankOf(index: number): number | undefined {
    return index >= 1 && index <= SHARED_WORDS ? this.core.cpus.length + index - 1 : undefined;
  }

  read(offset: number, width: AccessWidth): number {
    return FRAME.read(this, offset, width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    FRAME.write(this, offset, width, value);
  }
}
