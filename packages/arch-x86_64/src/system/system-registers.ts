import { Gpr, SegmentRegister, State, SystemOperation } from '@qvm/isa-x86_64';
import { Cr4 } from '../state/control-bits.js';
import type { Core } from '../vcpu/core.js';
import type { Handlers } from '../vcpu/handlers.js';
import type { SystemOperands } from '../vcpu/operand.js';
import { next, Outcome } from '../vcpu/outcome.js';
import type { ControlRegisters } from './control-registers.js';
import type { Cpuid } from './cpuid.js';
import type { DebugRegisters } from './debug-registers.js';
import { isCanonical } from './mmu.js';
import type { ModelSpecificRegisters } from './model-specific-registers.js';
import type { TimeStampCounter } from './time-stamp-counter.js';

const CR8_MASK = 15;

/** The task priority, as CR8 holds it: of the local APIC. @experimental */
export interface TaskPriority {
  /** Bits 7–4 of the priority. */
  cr8: number;
}

/**
 * The instructions that read and write control, debug and model-specific registers, CPUID and the time-stamp counter.
 *
 * @experimental
 */
export class SystemRegisters {
  constructor(
    private readonly core: Core,
    private readonly operands: SystemOperands,
    private readonly control: ControlRegisters,
    private readonly debug: DebugRegisters,
    private readonly msrs: ModelSpecificRegisters,
    private readonly cpuid: Cpuid,
    private readonly tsc: TimeStampCounter,
    private readonly priority: TaskPriority,
  ) {}

  /** By operation. */
  handlers(): Handlers {
    const Op = SystemOperation;
    const { core, operands } = this;
    return {
      [Op.MovFromCr]: () => next(this.#readControl()),
      [Op.MovToCr]: () => next(this.#writeControl()),
      [Op.MovFromDr]: () => next(this.#readDebug()),
      [Op.MovToDr]: () => next(this.#writeDebug()),
      [Op.Lmsw]: () => next(operands.read(2) && this.control.loadMachineStatus(core.memory.lo)),
      [Op.Smsw]: () => next(this.#storeMachineStatus()),
      [Op.Clts]: () => this.#clearTaskSwitched(),
      [Op.Rdmsr]: () => next(this.#readMsr()),
      [Op.Wrmsr]: () => next(this.#writeMsr()),
      [Op.Cpuid]: () => this.#identify(),
      [Op.Rdtsc]: () => next(this.#readTime()),
      [Op.Rdtscp]: () => next(this.#readTime() && this.#readAux()),
      // There are no performance counters.
      [Op.Rdpmc]: () => next(core.fault.protection()),
      [Op.Rdfsbase]: () => next(this.#readBase(SegmentRegister.FS)),
      [Op.Rdgsbase]: () => next(this.#readBase(SegmentRegister.GS)),
      [Op.Wrfsbase]: () => next(this.#writeBase(SegmentRegister.FS)),
      [Op.Wrgsbase]: () => next(this.#writeBase(SegmentRegister.GS)),
    };
  }

  // --- control registers ---

  /** Offset of a control register in the state; undefined if there is none. */
  #controlAt(number: number): number | undefined {
    return { 0: State.cr0, 2: State.cr2, 3: State.cr3, 4: State.cr4 }[number];
  }

  /** Writes the general register of MOV from a control or debug register: 32 bits outside of 64-bit mode. */
  #give(lo: number, hi: number): true {
    const { core, operands } = this;
    core.state.setHalves(State.gpr + operands.rm * 8, lo, core.state.mode64 ? hi : 0);
    return true;
  }

  /** The words of the general register of MOV to a control or debug register. */
  #source(): readonly [lo: number, hi: number] {
    const { core, operands } = this;
    const at = State.gpr + operands.rm * 8;
    return [core.state.u32(at), core.state.mode64 ? core.state.u32(at + 4) : 0];
  }

  #readControl(): boolean {
    const { core, operands } = this;
    if (operands.reg === 8 && core.state.mode64) return this.#give(this.priority.cr8, 0);
    const at = this.#controlAt(operands.reg);
    if (at === undefined) return core.fault.undefined();
    return this.#give(core.state.u32(at), core.state.u32(at + 4));
  }

  #writeControl(): boolean {
    const { core, operands, control } = this;
    const { state, fault } = core;
    const [lo, hi] = this.#source();
    switch (operands.reg) {
      case 0:
        return control.writeCr0(lo, hi);
      case 2:
        state.setHalves(State.cr2, lo, hi);
        return true;
      case 3:
        return control.writeCr3(lo, hi);
      case 4:
        return control.writeCr4(lo, hi);
      case 8:
        if (!state.mode64) return fault.undefined();
        if (hi !== 0 || lo & ~CR8_MASK) return fault.protection();
        this.priority.cr8 = lo;
        return true;
      default:
        return fault.undefined();
    }
  }

  /** SMSW: memory gets 16 bits. */
  #storeMachineStatus(): boolean {
    const { core, operands } = this;
    const { state, memory } = core;
    const value = state.u32(State.cr0);
    if (operands.inMemory) return operands.checkAddress(2, 'write') && memory.write(operands.address, 2, value);
    operands.writeRegister(operands.rm, value, state.u32(State.cr0 + 4));
    return true;
  }

  #clearTaskSwitched(): Outcome {
    this.control.clearTaskSwitched();
    return Outcome.Next;
  }

  // --- debug registers ---

  #readDebug(): boolean {
    const { core, operands } = this;
    return this.debug.read(operands.reg) && this.#give(core.memory.lo, core.memory.hi);
  }

  #writeDebug(): boolean {
    const [lo, hi] = this.#source();
    return this.debug.write(this.operands.reg, lo, hi);
  }

  // --- model-specific registers, CPUID, time ---

  #readMsr(): boolean {
    const { state } = this.core;
    const { value } = this.msrs;
    if (!this.msrs.read(state.gpr32(Gpr.RCX))) return false;
    state.setGpr32(Gpr.RAX, value.lo);
    state.setGpr32(Gpr.RDX, value.hi);
    return true;
  }

  #writeMsr(): boolean {
    const { state } = this.core;
    return this.msrs.write(state.gpr32(Gpr.RCX), state.gpr32(Gpr.RAX), state.gpr32(Gpr.RDX));
  }

  #identify(): Outcome {
    const { state } = this.core;
    const [eax, ebx, ecx, edx] = this.cpuid.query(state.gpr32(Gpr.RAX), state.gpr32(Gpr.RCX));
    state.setGpr32(Gpr.RAX, eax);
    state.setGpr32(Gpr.RBX, ebx);
    state.setGpr32(Gpr.RCX, ecx);
    state.setGpr32(Gpr.RDX, edx);
    return Outcome.Next;
  }

  #readTime(): boolean {
    const { state, fault } = this.core;
    if (state.protectedMode && state.cpl !== 0 && state.u32(State.cr4) & Cr4.TSD) return fault.protection();
    const { tsc } = this;
    tsc.read();
    state.setGpr32(Gpr.RAX, tsc.lo);
    state.setGpr32(Gpr.RDX, tsc.hi);
    return true;
  }

  #readAux(): boolean {
    const { state } = this.core;
    state.setGpr32(Gpr.RCX, state.u32(State.tscAux));
    return true;
  }

  // --- FSGSBASE ---

  /** FSGSBASE needs 64-bit mode and CR4.FSGSBASE. */
  #basesAllowed(): boolean {
    const { state, fault } = this.core;
    return (state.mode64 && (state.u32(State.cr4) & Cr4.FSGSBASE) !== 0) || fault.undefined();
  }

  #readBase(segment: SegmentRegister): boolean {
    const { core, operands } = this;
    const { state } = core;
    if (!this.#basesAllowed()) return false;
    const at = State.segmentBase + segment * 8;
    operands.writeRegister(operands.rm, state.u32(at), state.u32(at + 4));
    return true;
  }

  #writeBase(segment: SegmentRegister): boolean {
    const { core, operands } = this;
    const { state, memory, fault } = core;
    if (!this.#basesAllowed() || !operands.read(operands.size)) return false;
    if (!isCanonical(memory.hi)) return fault.protection();
    state.setHalves(State.segmentBase + segment * 8, memory.lo, memory.hi);
    return true;
  }
}
