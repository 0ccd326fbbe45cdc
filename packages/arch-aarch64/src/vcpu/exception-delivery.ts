import { hexadecimal } from '@qvm/core';
import { hasTaps } from '@qvm/core/hooks';
import type { MachineServices } from '@qvm/core/architecture';
import type { Access, AccessFault, EngineVcpu } from '@qvm/engine';
import { higherLevelNote } from '../system/higher-level.js';
import { ExceptionClass, FaultStatus, syndrome } from '../system/syndrome.js';
import type { Aarch64State } from './aarch64-state.js';
import type { ExceptionUnit, Vector } from './exceptions.js';

/** ISS.WnR, and with CM that the access is cache maintenance. */
const WRITE = 0x40;
const MAINTENANCE = 0x140;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/**
 * What a vCPU does about an exception: asks the hooks, then the policies for what the VM lacks, then lets the guest take it.
 *
 * @experimental
 */
export class ExceptionDelivery {
  constructor(
    private readonly vcpu: EngineVcpu<Aarch64State> & { readonly word: number },
    private readonly exceptions: ExceptionUnit,
    private readonly unsupported: MachineServices['unsupported'],
    private readonly disassemble: (word: number) => string,
  ) {}

  /** Takes an interrupt. */
  interrupt(vector: Vector, kind: string): void {
    const { vcpu } = this;
    const { fetch, exits, hooks } = vcpu;
    if (hasTaps(hooks.interruptTaken)) hooks.interruptTaken.call({ vcpu, kind, pc: vcpu.pc });
    exits.leave('interrupt', 0);
    this.exceptions.take(vector, fetch.pcLo, fetch.pcHi);
    exits.enter('interrupt');
  }

  /** A synchronous exception that returns to the present instruction, unless a tap does the work of what trapped. */
  synchronous(ec: ExceptionClass, iss: number, kind: string, immediate?: number): void {
    // SVC has already gone on.
    const resume = kind === 'svc' ? 'here' : 'next';
    if (!this.vcpu.trapHandled(kind, syndrome(ec, iss), resume, immediate)) this.#take(ec, iss);
  }

  /** {@link ExceptionDelivery.synchronous} instead of an instruction that generated code has not begun. */
  beforeInstruction(ec: ExceptionClass, iss: number, kind: string): void {
    this.vcpu.retire();
    this.synchronous(ec, iss, kind);
  }

  /** The present instruction is UNDEFINED. */
  undefined(): void {
    if (!this.#undefinedHandled()) this.#take(ExceptionClass.Unknown, 0);
  }

  /** An encoding without a row: not allocated, or not implemented. */
  unimplemented(): void {
    const { vcpu } = this;
    const { word } = vcpu;
    vcpu.onUnimplemented(this.disassemble(word));
    const policy = isPermanentlyUndefined(word) ? 'fail' : this.unsupported.instruction;
    vcpu.retire();
    if (this.#undefinedHandled()) return;
    if (policy === 'ignore') vcpu.stepOver();
    else if (policy === 'abort') vcpu.abort('instruction', this.#instructionText());
    else this.#take(ExceptionClass.Unknown, 0);
  }

  /** A system register that the architecture may have, and this vCPU has not. */
  unsupportedRegister(): void {
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
    } else this.#take(ExceptionClass.Unknown, 0);
  }

  /** An access to memory faulted; `maintenance` says that it was cache maintenance. */
  dataAbort(fault: Readonly<AccessFault>, maintenance = false): void {
    const { vcpu } = this;
    vcpu.retire();
    const { lo, hi, access, status, physical } = fault;
    const watched = status === (FaultStatus.Debug as number);
    const ec = this.#fromHere(watched ? ExceptionClass.WatchpointLower : ExceptionClass.DataAbortLower);
    // Cache maintenance reports CM, and WnR as for a write.
    const iss = status | (maintenance ? MAINTENANCE : access === 'write' ? WRITE : 0);
    if (!watched && this.#faultHandled(fault, syndrome(ec, iss))) return;
    if (this.#abortsReference(status)) vcpu.abort('reference', `${access} of ${hexadecimal(physical)}`);
    else {
      const { pcLo, pcHi } = vcpu.state;
      // DC ZVA reports the address in its register, not where the block begins (FAR_EL1, Arm ARM D19.2.40).
      const far = isZeroBlock(vcpu.word) ? vcpu.state.x(vcpu.word & 31) : undefined;
      if (far === undefined) this.exceptions.takeAbort(ec, iss, pcLo, pcHi, lo, hi);
      else this.exceptions.takeAbort(ec, iss, pcLo, pcHi, Number(far & 0xffff_ffffn), Number(far >> 32n));
    }
  }

  /** There is no instruction at the program counter. */
  fetchFault(): void {
    const { vcpu } = this;
    const { fetch } = vcpu;
    if (fetch.fault === undefined) return;
    vcpu.retire();
    const { lo, hi, status } = fetch.fault;
    const alignment = status === (FaultStatus.Alignment as number);
    const ec = alignment ? ExceptionClass.PcAlignment : this.#fromHere(ExceptionClass.InstructionAbortLower);
    const iss = alignment ? 0 : status;
    const access: Access = 'execute';
    if (this.#faultHandled({ lo, hi, access, status, physical: -1 }, syndrome(ec, iss))) {
      fetch.fault = undefined;
      return;
    }
    if (this.#abortsReference(status)) vcpu.abort('reference', `no code is at ${hexadecimal(fetch.pc)}`);
    else this.exceptions.takeAbort(ec, iss, lo, hi, lo, hi);
  }

  /** A class that is taken from EL0; the next number is the same from EL1. */
  #fromHere(lower: ExceptionClass): ExceptionClass {
    return this.vcpu.state.el === 0 ? lower : lower + 1;
  }

  #take(ec: ExceptionClass, iss: number): void {
    const { pcLo, pcHi } = this.vcpu.fetch;
    this.exceptions.takeSynchronous(ec, iss, pcLo, pcHi);
  }

  #undefinedHandled(): boolean {
    const { vcpu } = this;
    if (!hasTaps(vcpu.hooks.trap.for('undefined'))) return false;
    const esr = syndrome(ExceptionClass.Unknown, 0);
    return vcpu.trapHandled('undefined', esr, 'next', undefined, this.#instructionText());
  }

  #instructionText(): string {
    return this.disassemble(this.vcpu.word);
  }

  #faultHandled(fault: Readonly<AccessFault>, esr: number): boolean {
    const external = (esr & 0x3f) === (FaultStatus.ExternalAbort as number);
    return this.vcpu.faultHandled(fault, external ? 2 : 1, esr, this.vcpu.state.el);
  }

  /** Whether a fault says that nothing is at an address, and that this ends the VM. */
  #abortsReference(status: number): boolean {
    return status === (FaultStatus.ExternalAbort as number) && this.unsupported.reference === 'abort';
  }
}

/** UDF (Arm ARM C6.2.388): undefined for good, however much a VM implements. */
const isPermanentlyUndefined = (word: number): boolean => word >>> 16 === 0;
/** DC ZVA, of any register. */
const isZeroBlock = (word: number): boolean => (word & ~31) === (0xd50b_7420 | 0);
/** Bit L of MRS and MSR (register). */
const isRegisterRead = (word: number): boolean => ((word >>> 21) & 1) === 1;
