import type { FaultLog } from '@qvm/engine';
import { State } from '@qvm/isa-aarch64';
import { ExceptionClass } from '../system/syndrome.js';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import type { LevelControls } from './level-controls.js';

/** PSTATE bits as SPSR_ELx holds them (Arm ARM C5.2.19). @experimental */
export enum Spsr {
  SP = 1 << 0,
  AArch32 = 1 << 4,
  F = 1 << 6,
  I = 1 << 7,
  A = 1 << 8,
  D = 1 << 9,
  IL = 1 << 20,
  SS = 1 << 21,
}

/** A system call is not a fault. */
const SVC: number = ExceptionClass.Svc64;
const DAIF = Spsr.D | Spsr.A | Spsr.I | Spsr.F;

/** Offsets of the exception vectors for one kind of exception. @experimental */
export enum Vector {
  Synchronous = 0x000,
  Irq = 0x080,
  Fiq = 0x100,
}

/** Writes the two halves of a 64-bit register. */
function put(cpu: Aarch64State, offset: number, lo: number, hi: number): void {
  cpu.setU32(offset, lo);
  cpu.setU32(offset + 4, hi);
}

/**
 * Exception entry and return at EL1 (Arm ARM D1.3), and the state that depends on the exception level.
 *
 * @experimental
 */
export class ExceptionUnit {
  constructor(
    private readonly cpu: Aarch64State,
    /** Sets the program counter. If the fetch faults, another exception is taken. */
    private readonly jump: (lo: number, hi: number) => void,
    readonly controls: LevelControls,
    /** Whether software step is active in the present state (D2.12.2). */
    private readonly stepActive: () => boolean,
    /** Records each synchronous exception. */
    private readonly log: FaultLog,
  ) {}

  /** Takes an exception to EL1 with a preferred return address, in halves. */
  take(vector: Vector, lo: number, hi: number): void {
    const { cpu } = this;
    const from = cpu.el === 0 ? 0x400 : cpu.u32(State.spsel) ? 0x200 : 0;
    put(cpu, Sys.SPSR_EL1, this.pstate(), 0);
    put(cpu, Sys.ELR_EL1, lo, hi);
    this.#enter(1, 1, DAIF);
    this.illegal = false;
    this.softwareStep = false;
    this.jump(((cpu.u32(Sys.VBAR_EL1) & ~0x7ff) + from + vector) >>> 0, cpu.u32(Sys.VBAR_EL1 + 4));
  }

  /** Takes a synchronous exception. `esr` is its syndrome; `lo` and `hi` are the preferred return address. */
  takeSynchronous(esr: number, lo: number, hi: number): void {
    const { cpu } = this;
    put(cpu, Sys.ESR_EL1, esr, 0);
    this.log.note(esr, lo, hi, cpu.u32(Sys.FAR_EL1), cpu.u32(Sys.FAR_EL1 + 4), cpu.el, esr >>> 26 !== SVC);
    this.take(Vector.Synchronous, lo, hi);
  }

  /** As {@link ExceptionUnit.takeSynchronous}, with a fault address for FAR_EL1. */
  takeAbort(esr: number, lo: number, hi: number, farLo: number, farHi: number): void {
    put(this.cpu, Sys.FAR_EL1, farLo, farHi);
    this.takeSynchronous(esr, lo, hi);
  }

  /** ERET. An illegal SPSR_EL1 sets PSTATE.IL and stays at the level (D1.3.4). */
  return(): void {
    const { cpu } = this;
    const spsr = cpu.u32(Sys.SPSR_EL1);
    const lo = cpu.u32(Sys.ELR_EL1);
    const hi = cpu.u32(Sys.ELR_EL1 + 4);
    const el = (spsr >>> 2) & 3;
    const illegal = (spsr & Spsr.AArch32) !== 0 || (spsr & 2) !== 0 || el > 1 || (el === 0 && (spsr & Spsr.SP) !== 0);
    cpu.nzcv = spsr >>> 28;
    put(cpu, State.monitorAddress, 0xffff_ffff, 0xffff_ffff);
    const stepped = this.stepActive();
    this.softwareStep = false;
    if (illegal) {
      this.illegal = true;
      cpu.setU32(State.daif, spsr & DAIF);
    } else {
      this.illegal = (spsr & Spsr.IL) !== 0;
      this.#enter(el, spsr & Spsr.SP, spsr & DAIF);
      // SS is taken from SPSR_EL1 only if step is not active before the return and is active after it
      // (DebugExceptionReturnSS).
      this.softwareStep = (spsr & Spsr.SS) !== 0 && !stepped && this.stepActive();
    }
    this.jump(lo, hi);
  }

  /** PSTATE.IL: the next instruction faults. */
  illegal = false;
  /** PSTATE.SS. */
  softwareStep = false;

  /** PSTATE in the layout of SPSR. */
  pstate(): number {
    const { cpu } = this;
    const { el } = cpu;
    const mode = el === 0 ? 0 : (el << 2) | cpu.u32(State.spsel);
    return (
      ((cpu.nzcv << 28) |
        (this.softwareStep ? Spsr.SS : 0) |
        (this.illegal ? Spsr.IL : 0) |
        cpu.u32(State.daif) |
        mode) >>>
      0
    );
  }

  /** Writes PSTATE.SPSel, and exchanges the stack pointer in use. */
  selectSp(spsel: number): void {
    const { cpu } = this;
    cpu.copy64(State.sp, this.#bank());
    cpu.setU32(State.spsel, spsel);
    cpu.copy64(this.#bank(), State.sp);
  }

  #enter(el: number, spsel: number, daif: number): void {
    const { cpu } = this;
    cpu.copy64(State.sp, this.#bank());
    cpu.setU32(State.el, el);
    cpu.setU32(State.spsel, el === 0 ? 0 : spsel);
    cpu.setU32(State.daif, daif);
    cpu.copy64(this.#bank(), State.sp);
    this.controls.select();
  }

  /** Storage of the stack pointer in use. */
  #bank(): number {
    return this.cpu.el === 0 || this.cpu.u32(State.spsel) === 0 ? Sys.SP_EL0 : Sys.SP_EL1;
  }
}
