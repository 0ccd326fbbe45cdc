import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';
import { bankRegisters } from './bank-registers.js';
import type { BankTarget } from './bank-registers.js';
import type { GicCore } from './gic-core.js';
import { identificationRegister, IIDR } from './identification.js';
import { REDISTRIBUTOR_FRAME, REDISTRIBUTOR_SIZE } from './limits.js';
import { RegisterFrame } from './register-frame.js';
import type { FrameRegister } from './register-frame.js';

/** GICR_WAKER (IHI 0069, 12.11). */
const PROCESSOR_SLEEP = 2;
const CHILDREN_ASLEEP = 4;

/** RD_base (IHI 0069, 12.11). */
export const RD_REGISTERS: readonly FrameRegister<Redistributor>[] = [
  {
    offset: 0x0000,
    name: 'GICR_CTLR',
    access: 'raz',
    description: 'Nothing to control without LPIs; RWP and UWP are 0',
  },
  { offset: 0x0004, name: 'GICR_IIDR', access: 'ro', description: 'Implementer: Arm', read: () => IIDR },
  {
    offset: 0x0008,
    name: 'GICR_TYPER',
    access: 'ro',
    words: 2,
    description: 'Last (bit 4), processor number (bits 23–8), affinity (bits 63–32); no LPIs',
    read: (target, index) => (index === 0 ? target.typer : target.affinity),
  },
  { offset: 0x0010, name: 'GICR_STATUSR', access: 'raz', description: 'No error is reported' },
  {
    offset: 0x0014,
    name: 'GICR_WAKER',
    access: 'rw',
    description:
      'ProcessorSleep; ChildrenAsleep follows at once. Both are 1 after reset. Interrupts are signalled whatever they are',
    read: ({ cpu }) => (cpu?.asleep === true ? PROCESSOR_SLEEP | CHILDREN_ASLEEP : 0),
    write: ({ cpu }, _index, value) => {
      if (cpu !== undefined) cpu.asleep = (value & PROCESSOR_SLEEP) !== 0;
    },
  },
  identificationRegister('GICR_', 0x93),
];

/** SGI_base (IHI 0069, 12.11). */
export const SGI_REGISTERS: readonly FrameRegister<Redistributor>[] = [
  ...bankRegisters('GICR_', 1),
  { offset: 0x0e00, name: 'GICR_NSACR', access: 'raz', description: 'Reserved with one security state' },
];

const RD_FRAME = new RegisterFrame(RD_REGISTERS, REDISTRIBUTOR_FRAME);
const SGI_FRAME = new RegisterFrame(SGI_REGISTERS, REDISTRIBUTOR_FRAME);

/** GICR of one vCPU: the registers of its private interrupts. */
export class Redistributor implements BankTarget {
  readonly core: GicCore;
  readonly #vcpu: number;

  constructor(core: GicCore, vcpu: number) {
    this.core = core;
    this.#vcpu = vcpu;
  }

  get cpu(): GicCore['cpus'][number] | undefined {
    return this.core.cpus[this.#vcpu];
  }

  /** GICR_TYPER, low word. */
  get typer(): number {
    return (this.#vcpu << 8) | (Number(this.#vcpu === this.core.cpus.length - 1) << 4);
  }

  /** GICR_TYPER, high word. */
  get affinity(): number {
    return this.core.affinities[this.#vcpu] ?? 0;
  }

  bankOf(): number {
    return this.#vcpu;
  }
}

/** The redistributors of all vCPUs, one after the other. Those of absent vCPUs read as zero. */
export class Redistributors implements MmioHandler {
  readonly #redistributors: readonly Redistributor[];

  constructor(core: GicCore) {
    this.#redistributors = core.cpus.map((_, vcpu) => new Redistributor(core, vcpu));
  }

  read(offset: number, width: AccessWidth): number {
    const target = this.#redistributors[Math.floor(offset / REDISTRIBUTOR_SIZE)];
    return target === undefined ? 0 : frameAt(offset).read(target, offset % REDISTRIBUTOR_FRAME, width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    const target = this.#redistributors[Math.floor(offset / REDISTRIBUTOR_SIZE)];
    if (target !== undefined) frameAt(offset).write(target, offset % REDISTRIBUTOR_FRAME, width, value);
  }
}

function frameAt(offset: number): RegisterFrame<Redistributor> {
  return offset % REDISTRIBUTOR_SIZE < REDISTRIBUTOR_FRAME ? RD_FRAME : SGI_FRAME;
}
