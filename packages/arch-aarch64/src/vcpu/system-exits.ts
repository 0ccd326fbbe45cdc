import type { EngineVcpu } from '@qvm/engine';
import { State } from '@qvm/isa-aarch64';
import { Sctlr } from '../system/mmu.js';
import { ExceptionClass, syndrome, systemRegisterIss } from '../system/syndrome.js';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import type { ExceptionDelivery } from './exception-delivery.js';
import type { ExceptionUnit } from './exceptions.js';
import { SystemResult } from './system-access.js';
import type { SystemAccess } from './system-access.js';

/** SYS encoding of DC ZVA without Rt. */
const DC_ZVA_INFO = ((1 << 14) | (3 << 11) | (7 << 7) | (4 << 3) | 1) << 5;

/** Fields of MSR (immediate): op1 and op2 (Arm ARM C6.2.229). */
enum PstateField {
  SPSel = 0x05,
  DAIFSet = 0x36,
  DAIFClr = 0x37,
}

/**
 * Exits for system instructions: MRS, MSR, SYS and instructions that trap in the same way.
 *
 * @experimental
 */
export class SystemExits {
  #touchFault = false;

  constructor(
    private readonly vcpu: EngineVcpu<Aarch64State>,
    private readonly system: SystemAccess,
    private readonly exceptions: ExceptionUnit,
    private readonly delivery: ExceptionDelivery,
  ) {}

  /** MRS, MSR (register), SYS: `info` is the low 22 bits of the instruction word. */
  access(info: number): void {
    const { vcpu, delivery } = this;
    vcpu.exits.leave('sysreg', syndrome(ExceptionClass.SystemRegister, systemRegisterIss(info)));
    // A write to an unmapped address by cache maintenance faults at this instruction.
    this.#touchFault = false;
    const result = this.system.access(info);
    if (result === SystemResult.Undefined) delivery.undefinedHere();
    else if (result === SystemResult.Unsupported) delivery.unsupportedRegisterHere();
    else if (result === SystemResult.Trapped) delivery.systemRegisterHere(info);
    else if (this.#touchFault) delivery.maintenanceAbortHere(vcpu.memory.fault);
    else vcpu.next();
    vcpu.control.resume('sysreg');
  }

  /** Cache maintenance of an address by the present instruction. */
  touch(va: bigint): void {
    this.#touchFault = !this.vcpu.memory.touch(Number(va & 0xffff_ffffn), Number(va >> 32n));
  }

  /** MSR (immediate): op1 << 8 | CRm << 4 | op2. */
  pstate(info: number): void {
    const { vcpu } = this;
    const { state } = vcpu;
    const field = info & 0xf0f ? ((info >>> 8) << 4) | (info & 15) : 0;
    const value = (info >>> 4) & 15;
    const masks = field === (PstateField.DAIFSet as number) || field === (PstateField.DAIFClr as number);
    if (masks && state.el === 0 && !(state.u32(Sys.SCTLR_EL1) & Sctlr.UMA)) {
      this.#trap(((((info >>> 8) << 11) | (4 << 7) | (value << 3) | (info & 7)) << 5) | 31);
      return;
    }
    switch (field as PstateField) {
      case PstateField.DAIFSet:
        state.setU32(State.daif, state.u32(State.daif) | (value << 6));
        break;
      case PstateField.DAIFClr:
        state.setU32(State.daif, state.u32(State.daif) & ~(value << 6));
        break;
      default:
        if (field !== (PstateField.SPSel as number) || state.el === 0) {
          this.delivery.undefined();
          return;
        }
        this.exceptions.selectSp(value & 1);
    }
    vcpu.next();
  }

  /** DC ZVA of register Rt at EL0, which EL1 has not enabled. */
  zeroBlock(rt: number): void {
    this.#trap(rt | DC_ZVA_INFO);
  }

  #trap(info: number): void {
    const { vcpu } = this;
    vcpu.exits.leave('sysreg', syndrome(ExceptionClass.SystemRegister, systemRegisterIss(info)));
    this.delivery.systemRegisterHere(info);
    vcpu.control.resume('sysreg');
  }
}
