import { hasTaps } from '@qvm/core/hooks';
import type { MachineServices, UnsupportedPolicy } from '@qvm/core/architecture';
import { fromHalves } from '@qvm/engine';
import type { AccessFault, EngineVcpu, Fault, FetchFault } from '@qvm/engine';
import type { Aarch64ExitCause, Aarch64InterruptKind, Aarch64TrapKind } from '../hook-kinds.js';
import type { FaultReporter } from '../system/fault-reporter.js';
import { higherLevelNote } from '../system/higher-level.js';
import { ExceptionClass, FaultStatus, syndrome, systemRegisterIss } from '../system/syndrome.js';
import type { Aarch64State } from './aarch64-state.js';
import type { ExceptionUnit, Vector } from './exceptions.js';
import type { StepIss } from './software-step.js';

/** ISS.WnR; with CM, for cache maintenance. */
const WRITE = 0x40;
const MAINTENANCE = 0x140;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const UNDEFINED = syndrome(ExceptionClass.Unknown, 0);

/**
 * Delivers exceptions: calls the hooks, then applies the policies for unsupported features, then takes the exception in
 * the guest. Each method is a complete exit from the guest (`guestExit` to `guestEntrance`), except methods whose names
 * end in `Here`: their caller has already begun the exit and will end it.
 *
 * @experimental
 */
export class ExceptionDelivery {
  constructor(
    private readonly vcpu: EngineVcpu<Aarch64State> & { readonly word: number },
    private readonly exceptions: ExceptionUnit,
    private readonly unsupported: MachineServices['unsupported'],
    private readonly disassemble: (word: number) => string,
    private readonly reports: FaultReporter,
  ) {}

  /** Takes an interrupt. */
  interrupt(vector: Vector, kind: Aarch64InterruptKind, number: number | undefined): void {
    const { vcpu } = this;
    const { fetch, hooks } = vcpu;
    vcpu.exits.leave('interrupt', 0);
    if (hasTaps(hooks.interruptTaken)) hooks.interruptTaken.call({ vcpu, kind, number, pc: vcpu.pc });
    this.exceptions.take(vector, fetch.pcLo, fetch.pcHi);
    vcpu.control.resume('interrupt');
  }

  /** A synchronous exception that returns to the present instruction, unless a tap handles the trap. */
  synchronous(ec: ExceptionClass, iss: number, kind: Aarch64TrapKind & Aarch64ExitCause, immediate?: number): void {
    const { vcpu } = this;
    const esr = syndrome(ec, iss);
    vcpu.exits.leave(kind, esr);
    if (!vcpu.traps.trap(kind, esr, 'next', immediate)) this.#take(esr);
    vcpu.control.resume(kind);
  }

  /** As {@link ExceptionDelivery.synchronous}, for an instruction that generated code has not begun. */
  beforeInstruction(ec: ExceptionClass, iss: number, kind: Aarch64TrapKind & Aarch64ExitCause): void {
    this.vcpu.retire();
    this.synchronous(ec, iss, kind);
  }

  /** SVC, which returns to the next instruction. */
  systemCall(immediate: number): void {
    const { vcpu } = this;
    const esr = syndrome(ExceptionClass.Svc64, immediate);
    vcpu.exits.leave('svc', esr);
    if (!vcpu.traps.trap('svc', esr, 'next', immediate)) {
      vcpu.next();
      // The step is complete: the saved state has SS clear.
      this.exceptions.softwareStep = false;
      this.#take(esr);
    }
    vcpu.control.resume('svc');
  }

  /**
   * An instruction in the Illegal Execution state (Arm ARM D1.3.4). If a tap handles it, the state ends and the
   * instruction is executed.
   */
  illegalState(): void {
    const { vcpu } = this;
    const esr = syndrome(ExceptionClass.IllegalState, 0);
    vcpu.retire();
    vcpu.exits.leave('illegalState', esr);
    if (vcpu.traps.trap('illegalState', esr, 'here')) this.exceptions.illegal = false;
    else this.#take(esr);
    vcpu.control.resume('illegalState');
  }

  /** The end of a software step (Arm ARM D2.12). If a tap handles it, the next instruction is stepped too. */
  softwareStep(iss: StepIss): void {
    const { vcpu } = this;
    const esr = syndrome(this.#fromHere(ExceptionClass.SoftwareStepLower), iss);
    vcpu.exits.leave('softwareStep', esr);
    if (vcpu.traps.trap('softwareStep', esr, 'here')) this.exceptions.softwareStep = true;
    else this.#take(esr);
    vcpu.control.resume('softwareStep');
  }

  /** The present instruction is UNDEFINED. */
  undefined(): void {
    const { vcpu } = this;
    vcpu.exits.leave('undefined', UNDEFINED);
    this.undefinedHere();
    vcpu.control.resume('undefined');
  }

  /** An encoding without a row in the instruction tables: unallocated, or not implemented. */
  unimplemented(): void {
    const { vcpu } = this;
    const { word } = vcpu;
    vcpu.onUnimplemented(this.disassemble(word));
    vcpu.retire();
    vcpu.exits.leave('undefined', UNDEFINED);
    this.#unimplementedHere(isPermanentlyUndefined(word) ? 'fail' : this.unsupported.instruction);
    vcpu.control.resume('undefined');
  }

  /** A memory access faulted. */
  dataAbort(fault: Readonly<AccessFault>): void {
    const { vcpu } = this;
    const cause: Aarch64ExitCause = isWatched(fault) ? 'watchpoint' : 'fault';
    const esr = this.#abortSyndrome(fault, false);
    vcpu.exits.leave(cause, esr);
    this.#abortHere(fault, esr);
    vcpu.control.resume(cause);
  }

  /** The fetch at the program counter faulted. */
  fetchFault(): void {
    const { vcpu } = this;
    const { fault } = vcpu.fetch;
    if (fault === undefined) return;
    vcpu.retire();
    if (fault.status === (FaultStatus.Alignment as number)) this.#misaligned(fault);
    else this.#instructionAbort(fault);
  }

  // --- within an exit that the caller has begun ---

  /** As {@link ExceptionDelivery.undefined}, within an exit. */
  undefinedHere(): void {
    if (!this.#undefinedHandled()) this.#take(UNDEFINED);
  }

  /** A system register that the architecture defines but this vCPU does not have. */
  unsupportedRegisterHere(): void {
    if (this.#undefinedHandled()) return;
    const { vcpu } = this;
    const policy = this.unsupported.register;
    if (policy === 'ignore') {
      const { word } = vcpu;
      if (isRegisterRead(word)) vcpu.state.setX(word & 31, ALL_ONES);
      vcpu.stepOver();
    } else if (policy === 'abort') {
      const note = higherLevelNote(vcpu.word);
      vcpu.abort('register', `${this.#instructionText()}${note === undefined ? '' : `: ${note}`}`);
    } else this.#take(UNDEFINED);
  }

  /** MRS, MSR or SYS trapped to EL1: `info` is the low 22 bits of the instruction word. */
  systemRegisterHere(info: number): void {
    const esr = syndrome(ExceptionClass.SystemRegister, systemRegisterIss(info));
    const handled = this.vcpu.traps.trap('systemRegister', esr, 'next', undefined, this.#disassembly);
    if (!handled) this.#take(esr);
  }

  /** As {@link ExceptionDelivery.dataAbort}, within an exit, for cache maintenance. */
  maintenanceAbortHere(fault: Readonly<AccessFault>): void {
    this.#abortHere(fault, this.#abortSyndrome(fault, true));
  }

  #abortHere(fault: Readonly<AccessFault>, esr: number): void {
    const { vcpu } = this;
    vcpu.retire();
    const { lo, hi, access, status, physical } = fault;
    if (isWatched(fault)) {
      const details = () => ({ address: fromHalves(lo, hi) });
      if (vcpu.traps.trap('watchpoint', esr, 'next', undefined, details)) return;
    } else if (this.#faultHandled(fault, esr)) return;
    if (this.#abortsReference(status)) vcpu.abort('reference', this.reports.cause(this.#faultOf(esr, lo, hi)));
    else {
      if (access === 'write' && isExternal(status)) this.reports.writeRefused(this.#faultOf(esr, lo, hi), physical);
      const { pcLo, pcHi } = vcpu.state;
      // DC ZVA reports the address in its register, not the start of the block (FAR_EL1, Arm ARM D19.2.40).
      const far = isZeroBlock(vcpu.word) ? vcpu.state.x(vcpu.word & 31) : undefined;
      if (far === undefined) this.exceptions.takeAbort(esr, pcLo, pcHi, lo, hi);
      else this.exceptions.takeAbort(esr, pcLo, pcHi, Number(far & 0xffff_ffffn), Number(far >> 32n));
    }
  }

  #unimplementedHere(policy: UnsupportedPolicy): void {
    const { vcpu } = this;
    if (this.#undefinedHandled()) return;
    if (policy === 'ignore') vcpu.stepOver();
    else if (policy === 'abort') vcpu.abort('instruction', this.#instructionText());
    else this.#take(UNDEFINED);
  }

  /** A jump to an address that is not a multiple of 4. */
  #misaligned(fault: FetchFault): void {
    const { vcpu } = this;
    const { lo, hi } = fault;
    const esr = syndrome(ExceptionClass.PcAlignment, 0);
    vcpu.exits.leave('pcAlignment', esr);
    if (!vcpu.traps.trap('pcAlignment', esr, 'here')) {
      this.exceptions.takeAbort(esr, lo, hi, lo, hi);
    } else if (vcpu.fetch.fault === fault) {
      // Noted as a fault, so that a tap that returns `handled` without moving the vCPU is detected as an endless loop.
      vcpu.faults.note(esr, lo, hi, lo, hi, vcpu.state.el, true);
    }
    vcpu.control.resume('pcAlignment');
  }

  #instructionAbort(fault: FetchFault): void {
    const { vcpu } = this;
    const { fetch } = vcpu;
    const { lo, hi, status } = fault;
    const esr = syndrome(this.#fromHere(ExceptionClass.InstructionAbortLower), status);
    vcpu.exits.leave('fault', esr);
    if (this.#faultHandled({ lo, hi, access: 'execute', status, physical: -1 }, esr)) {
      if (fetch.fault === fault) fetch.retry();
    } else if (this.#abortsReference(status)) vcpu.abort('reference', this.reports.cause(this.#faultOf(esr, lo, hi)));
    else this.exceptions.takeAbort(esr, lo, hi, lo, hi);
    vcpu.control.resume('fault');
  }

  /** Syndrome of a faulting access. Cache maintenance reports CM, and WnR as for a write. */
  #abortSyndrome(fault: Readonly<AccessFault>, maintenance: boolean): number {
    const { access, status } = fault;
    const lower = isWatched(fault) ? ExceptionClass.WatchpointLower : ExceptionClass.DataAbortLower;
    return syndrome(this.#fromHere(lower), status | (maintenance ? MAINTENANCE : access === 'write' ? WRITE : 0));
  }

  /**
   * The exception class for the present level, from the class for a lower level; the class for EL1 is the next number.
   */
  #fromHere(lower: ExceptionClass): ExceptionClass {
    return this.vcpu.state.el === 0 ? lower : lower + 1;
  }

  /** A fault of the present instruction, for reports. */
  #faultOf(esr: number, lo: number, hi: number): Fault {
    const { vcpu } = this;
    return { syndrome: esr, pc: vcpu.pc, address: fromHalves(lo, hi), level: vcpu.state.el };
  }

  #take(esr: number): void {
    const { pcLo, pcHi } = this.vcpu.fetch;
    this.exceptions.takeSynchronous(esr, pcLo, pcHi);
  }

  #undefinedHandled(): boolean {
    return this.vcpu.traps.trap('undefined', UNDEFINED, 'next', undefined, this.#disassembly);
  }

  readonly #disassembly = (): { readonly disassembly: string } => ({ disassembly: this.#instructionText() });

  #instructionText(): string {
    return this.disassemble(this.vcpu.word);
  }

  #faultHandled(fault: Readonly<AccessFault>, esr: number): boolean {
    return this.vcpu.traps.fault(fault, isExternal(esr & 0x3f) ? 2 : 1, esr, this.vcpu.state.el);
  }

  /** Whether an external abort ends the VM by the policy for references to unmapped addresses. */
  #abortsReference(status: number): boolean {
    return isExternal(status) && this.unsupported.reference === 'abort';
  }
}

const isExternal = (status: number): boolean => status === (FaultStatus.ExternalAbort as number);

/** Whether a watchpoint stopped the access. */
const isWatched = ({ status }: Readonly<AccessFault>): boolean => status === (FaultStatus.Debug as number);
/** UDF (Arm ARM C6.2.388): permanently undefined in every implementation. */
const isPermanentlyUndefined = (word: number): boolean => word >>> 16 === 0;
/** DC ZVA, of any register. */
const isZeroBlock = (word: number): boolean => (word & ~31) === (0xd50b_7420 | 0);
/** Bit L of MRS and MSR (register). */
const isRegisterRead = (word: number): boolean => ((word >>> 21) & 1) === 1;
