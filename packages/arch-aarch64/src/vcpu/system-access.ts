import { State, CTR_EL0, DCZID_BLOCK, registerAt, registerNamed } from '@qvm/isa-aarch64';
import { Sctlr } from '../system/mmu.js';
import type { Mmu } from '../system/mmu.js';
import type { SystemRegister } from '@qvm/isa-aarch64';
import type { InterruptLine } from '@qvm/core/vdev';
import { pageOf } from '@qvm/engine';
import type { SystemRegisterHandler } from '../system/cpu-attachment.js';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import type { DebugUnit } from './debug-unit.js';
import type { ExceptionUnit } from './exceptions.js';
import { PerformanceMonitor } from './performance-monitor.js';
import type { TlbMaintenance } from './tlb-maintenance.js';

/** Outcome of an access to a system register or of a system instruction. @experimental */
export enum SystemResult {
  Done,
  Undefined,
  /** EL1 may access the register, but this vCPU does not have it. */
  Unsupported,
  /** Trapped to EL1 with class 0x18: an EL0 access that EL1 has not enabled. */
  Trapped,
}

/**
 * MRS, MSR and SYS for registers that are not plain storage.
 *
 * @experimental
 */
export class SystemAccess {
  readonly #attached = new Map<number, SystemRegisterHandler>();
  readonly #special: ReadonlyMap<string, SystemRegisterHandler>;
  /** The performance monitors. */
  readonly monitor: PerformanceMonitor;

  constructor(
    private readonly cpu: Aarch64State,
    private readonly mmu: Mmu,
    private readonly exceptions: ExceptionUnit,
    private readonly tlb: TlbMaintenance,
    private readonly debug: DebugUnit,
    private readonly services: {
      readonly instructions: () => number;
      /** The interrupt line of the performance monitors. */
      readonly overflowLine: InterruptLine;
      readonly pendingInterrupts: () => bigint;
      /** Translates an address for cache maintenance; a fault is taken at the present instruction. */
      readonly touch: (va: bigint) => void;
    },
  ) {
    const { instructions, overflowLine: line } = services;
    this.monitor = new PerformanceMonitor({ instructions, level: () => cpu.el, line });
    const special = { ...this.#specialRegisters(), ...debug.registers(), ...this.monitor.registers() };
    this.#special = new Map(Object.entries(special));
  }

  /** Attaches registers that a vdev implements. */
  attach(name: string, handler: SystemRegisterHandler): void {
    this.#attached.set(registerNamed(name).encoding, handler);
  }

  /** The value of a register that is not plain storage, by its manual name. */
  special(name: string): bigint {
    return this.#special.get(name)?.read?.() ?? 0n;
  }

  /** Writes a register that is not plain storage, as MSR at EL1 does. */
  setSpecial(name: string, value: bigint): void {
    this.#special.get(name)?.write?.(value);
  }

  /** Sets the power-on state of registers that are not plain storage. */
  reset(): void {
    this.monitor.reset();
  }

  /** Performs an access. `info` is the low 22 bits of the instruction word. */
  access(info: number): SystemResult {
    const encoding = (info >>> 5) & 0xffff;
    const rt = info & 31;
    const read = (info >>> 21) & 1;
    const op0 = encoding >>> 14;
    if (op0 === 1) return this.#instruction(encoding, rt, read === 1);
    const register = registerAt(encoding);
    if (!register) return this.cpu.el === 0 ? SystemResult.Undefined : SystemResult.Unsupported;
    return read ? this.#read(register, rt) : this.#write(register, rt);
  }

  #read(r: SystemRegister, rt: number): SystemResult {
    const allowed = this.#allowed(r, 'r');
    if (allowed !== SystemResult.Done) return allowed;
    if (r.kind === 'plain' || r.kind === 'checked') {
      this.cpu.setX(rt, this.cpu.u64(r.offset));
      return SystemResult.Done;
    }
    const value = this.#handler(r)?.read?.();
    if (value === undefined) return SystemResult.Unsupported;
    this.cpu.setX(rt, BigInt.asUintN(64, value));
    return SystemResult.Done;
  }

  #write(r: SystemRegister, rt: number): SystemResult {
    const allowed = this.#allowed(r, 'w');
    if (allowed !== SystemResult.Done) return allowed;
    if (r.kind === 'plain') this.#copy(r, rt);
    else if (r.kind === 'checked') this.#writeChecked(r, rt);
    else {
      const handler = this.#handler(r);
      if (!handler?.write) return SystemResult.Unsupported;
      handler.write(this.cpu.x(rt));
    }
    return SystemResult.Done;
  }

  #handler(r: SystemRegister): SystemRegisterHandler | undefined {
    return r.kind === 'attached' ? this.#attached.get(r.encoding) : this.#special.get(r.name);
  }

  #allowed(r: SystemRegister, direction: 'r' | 'w'): SystemResult {
    // SP_EL0 is not accessible by name while it is the stack pointer in use.
    if (r.name === 'SP_EL0' && this.cpu.u32(State.spsel) === 0) return SystemResult.Undefined;
    if (this.cpu.el !== 0) return r.el1.includes(direction) ? SystemResult.Done : SystemResult.Undefined;
    if (!r.el0.includes(direction)) return SystemResult.Undefined;
    return this.#enabledAtEl0(r, direction) ? SystemResult.Done : SystemResult.Trapped;
  }

  /** EL0 accesses that EL1 must enable: SCTLR_EL1.UCT and UMA, CNTKCTL_EL1, PMUSERENR_EL0. */
  #enabledAtEl0({ name }: SystemRegister, direction: 'r' | 'w'): boolean {
    const sctlr = this.cpu.u32(Sys.SCTLR_EL1);
    const kernelControl = this.cpu.u32(Sys.CNTKCTL_EL1);
    if (name === 'CTR_EL0') return (sctlr & Sctlr.UCT) !== 0;
    if (name === 'DAIF') return (sctlr & Sctlr.UMA) !== 0;
    if (name === 'CNTFRQ_EL0') return (kernelControl & 3) !== 0;
    if (name === 'CNTPCT_EL0') return (kernelControl & 1) !== 0;
    if (name === 'CNTVCT_EL0') return (kernelControl & 2) !== 0;
    if (name.startsWith('CNTV_')) return (kernelControl & 0x100) !== 0;
    if (name.startsWith('CNTP_')) return (kernelControl & 0x200) !== 0;
    if (name.startsWith('PM')) return this.monitor.enabledAtEl0(name, direction);
    if (name === 'MDCCSR_EL0') return (this.cpu.u32(Sys.MDSCR_EL1) & 0x1000) === 0;
    return true;
  }

  /** Copies a general register to a register that is plain storage. */
  #copy({ offset }: SystemRegister, rt: number): void {
    this.cpu.copy64(rt === 31 ? State.zero : State.x + rt * 8, offset);
  }

  /** Writes registers that affect translation or traps. */
  #writeChecked(register: SystemRegister, rt: number): void {
    const { cpu } = this;
    const { name, offset } = register;
    const oldLo = cpu.u32(offset);
    const oldHi = cpu.u32(offset + 4);
    this.#copy(register, rt);
    switch (name) {
      case 'SCTLR_EL1':
      case 'TCR_EL1':
      case 'MAIR_EL1':
        // Big-endian data is not implemented: EE and E0E are RES0.
        if (name === 'SCTLR_EL1') cpu.setU32(offset, cpu.u32(offset) & ~0x300_0000);
        if (oldLo !== cpu.u32(offset) || oldHi !== cpu.u32(offset + 4)) this.tlb.flushLocal();
        this.exceptions.controls.refresh();
        break;
      case 'MDSCR_EL1':
        this.debug.watchpoints.refresh();
        break;
      case 'TTBR0_EL1':
      case 'TTBR1_EL1':
        this.exceptions.controls.refresh();
        break;
      case 'CPACR_EL1':
        this.exceptions.controls.refreshTraps();
        break;
      default:
        if (name.startsWith('DBGW')) this.debug.watchpoints.refresh();
    }
  }

  #instruction(encoding: number, rt: number, read: boolean): SystemResult {
    if (read) return SystemResult.Undefined;
    const op1 = (encoding >>> 11) & 7;
    const CRn = (encoding >>> 7) & 15;
    const CRm = (encoding >>> 3) & 15;
    const op2 = encoding & 7;
    if (CRn === 8) return this.cpu.el === 0 ? SystemResult.Undefined : this.#tlbi(op1, CRm, op2, this.cpu.x(rt));
    if (CRn !== 7) return SystemResult.Undefined;
    if (op1 === 0 && CRm === 8 && op2 < 4)
      return this.cpu.el === 0 ? SystemResult.Undefined : this.#addressTranslate(op2, this.cpu.x(rt));
    return this.#cache(op1, CRm, op2, this.cpu.x(rt));
  }

  #tlbi(op1: number, CRm: number, op2: number, argument: bigint): SystemResult {
    // EL1 forms, local (CRm 7) and inner shareable (CRm 3).
    if (op1 !== 0 || (CRm !== 7 && CRm !== 3)) return SystemResult.Undefined;
    return this.tlb.invalidate(op2, argument, CRm === 3) ? SystemResult.Done : SystemResult.Undefined;
  }

  /** AT S1E1R, S1E1W, S1E0R, S1E0W (Arm ARM C5.4). */
  #addressTranslate(op2: number, va: bigint): SystemResult {
    const ok = this.mmu.translate(Number(va & 0xffff_ffffn), Number(va >> 32n), op2 & 1 ? 'write' : 'read', op2 < 2);
    const page = pageOf(this.mmu.physical);
    // Success: the page with its attributes and shareability. Failure: FST in bits 6–1 and F.
    const attributes = (BigInt(this.mmu.attribute) << 56n) | BigInt(this.mmu.shareability << 7);
    this.cpu.setU64(Sys.PAR_EL1, ok ? BigInt(page) | attributes | 0x800n : BigInt(this.mmu.fault << 1) | 0x801n);
    return SystemResult.Done;
  }

  /** Caches are coherent and transparent, so cache maintenance only checks its address. */
  #cache(op1: number, CRm: number, op2: number, va: bigint): SystemResult {
    const key = (op1 << 8) | (CRm << 4) | op2;
    const privileged = [0x010, 0x050, 0x061, 0x062, 0x0a2, 0x0e2];
    if (op1 === 0) {
      if (this.cpu.el === 0 || !privileged.includes(key)) return SystemResult.Undefined;
      // IC IALLUIS, IC IALLU, DC ISW, CSW, CISW do nothing; DC IVAC needs a valid address.
      return key === 0x061 ? this.#touch(va) : SystemResult.Done;
    }
    // DC CVAC, CVAU, CIVAC, IC IVAU: allowed at EL0 by SCTLR_EL1.UCI.
    if (![0x3a1, 0x3b1, 0x3e1, 0x351].includes(key)) return SystemResult.Undefined;
    if (this.cpu.el === 0 && !(this.cpu.u32(Sys.SCTLR_EL1) & Sctlr.UCI)) return SystemResult.Trapped;
    return this.#touch(va);
  }

  #touch(va: bigint): SystemResult {
    this.services.touch(va);
    return SystemResult.Done;
  }

  #specialRegisters(): Record<string, SystemRegisterHandler> {
    const { cpu, exceptions } = this;
    return {
      SP_EL0: { read: () => cpu.u64(Sys.SP_EL0), write: (v) => cpu.setU64(Sys.SP_EL0, v) },
      SPSel: { read: () => BigInt(cpu.u32(State.spsel)), write: (v) => exceptions.selectSp(Number(v & 1n)) },
      CurrentEL: { read: () => BigInt(cpu.el << 2) },
      DAIF: { read: () => BigInt(cpu.u32(State.daif)), write: (v) => cpu.setU32(State.daif, Number(v & 0x3c0n)) },
      CTR_EL0: { read: () => CTR_EL0 },
      DCZID_EL0: { read: () => DCZID_BLOCK | (cpu.u32(State.zvaTrap) ? 0x10n : 0n) },
      CCSIDR_EL1: { read: () => CCSIDR[cpu.u32(Sys.CSSELR_EL1) & 0xf] ?? 0n },
      ISR_EL1: { read: this.services.pendingInterrupts },
    };
  }
}

/** CCSIDR_EL1 by CSSELR_EL1: L1 data, L1 instruction, L2; the geometry of a Cortex-A57. */
const CCSIDR: Readonly<Record<number, bigint>> = { 0: 0x701f_e00an, 1: 0x201f_e012n, 2: 0x707f_e07an };
