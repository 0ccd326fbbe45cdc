import type { AccessWidth, MmioHandler, WideValue } from '@qvm/core/vdev';
import { VECTOR_MASK } from '../message.js';
import { ApicCore } from './apic-core.js';
import { ApicError } from './error-status.js';
import { LvtEntry } from './local-vector-table.js';
import { APIC_REGISTERS, COMMAND_OFFSET } from './registers.js';
import type { ApicRegister } from './registers.js';

const BASE_MSR = 0x1b;
const TSC_DEADLINE_MSR = 0x6e0;
/** The MSRs of x2APIC mode. */
const FIRST_MSR = 0x800;
const LAST_MSR = 0x8ff;

/** Bytes of the page of registers. */
export const APIC_PAGE = 0x1000;
/** Registers are 32 bits wide and 16 bytes apart. */
const REGISTER_SHIFT = 4;
const SLOTS = 0x40;
/** Place of a register in the page, or of its number among the MSRs. */
const XAPIC = slotsOf('xapic');
const X2APIC = slotsOf('x2apic');

/**
 * Whether an MSR belongs to the local APIC: IA32_APIC_BASE, IA32_TSC_DEADLINE, or one of those of x2APIC mode.
 *
 * @experimental
 */
export function isApicMsr(msr: number): boolean {
  return msr === BASE_MSR || msr === TSC_DEADLINE_MSR || (msr >= FIRST_MSR && msr <= LAST_MSR);
}

/**
 * The local APIC of one vCPU (SDM 3A, chapter 10). The vCPU connects itself, looks at `requests` before it enters
 * generated code, and takes them by the methods that `ApicRequest` names. RDMSR and WRMSR reach the registers by
 * {@link LocalApic.readMsr} and {@link LocalApic.writeMsr}; accesses to the page at {@link LocalApic.page}, by
 * {@link LocalApic.read} and {@link LocalApic.write}.
 *
 * @experimental
 */
export class LocalApic extends ApicCore implements MmioHandler {
  /** Whether the vCPU waits for a start-up message, and executes nothing until then. */
  get waitsForStartUp(): boolean {
    return this.pending.waiting;
  }

  /** Takes the interrupt and returns its vector: the spurious one if the interrupt was withdrawn (SDM 3A, 10.9). */
  acknowledge(): number {
    const vector = this.isExternal ? this.acknowledgeExternal() : this.priority.acknowledge();
    this.update();
    if (vector >= 0 && vector === (this.lvt.read(LvtEntry.Timer) & VECTOR_MASK)) this.timer.schedule();
    return vector < 0 ? this.spuriousVector & VECTOR_MASK : vector;
  }

  /** The interrupts that were taken or are due, by vector. */
  interrupts(): readonly {
    /** The vector. */
    readonly vector: number;
    /** How often it was taken. */
    readonly count: number;
    /** `pending`, `in service`, both or neither. */
    readonly state: string;
  }[] {
    const { taken, irr, isr } = this.priority;
    return [...taken].flatMap((count, vector) => {
      const states = [...(irr.has(vector) ? ['pending'] : []), ...(isr.has(vector) ? ['in service'] : [])];
      return count === 0 && states.length === 0 ? [] : [{ vector, count, state: states.join(', ') }];
    });
  }

  /** Takes the non-maskable interrupt. */
  takeNmi(): void {
    this.pending.nmi = false;
    this.update();
  }

  /**
   * Takes INIT: the APIC is in its state after INIT, and the vCPU must reset itself. {@link LocalApic.waitsForStartUp}
   * says whether it then waits, or begins at the reset vector (SDM 3A, 8.4.3).
   */
  takeInit(): void {
    this.pending.takeInit();
    this.resetRegisters();
  }

  /** Takes the start-up message and returns its vector: execution begins at CS:IP = vector·100h:0 (SDM 3A, 8.4.4). */
  takeStartUp(): number {
    const vector = this.pending.takeStartUp();
    this.update();
    return vector;
  }

  /** CR8: bits 7–4 of the task priority. */
  get cr8(): number {
    return this.priority.tpr >>> 4;
  }

  /** `value` is 0 to 15; the vCPU has checked the reserved bits. */
  set cr8(value: number) {
    this.taskPriority = value << 4;
  }

  /** Must be called after the time-stamp counter was set to another value. */
  tscChanged(): void {
    this.timer.schedule();
  }

  /**
   * Guest-physical address of the page of registers, a multiple of 4 KiB; `undefined` while there is none, in x2APIC
   * mode or disabled. Only the own vCPU sees its registers there.
   */
  get page(): number | undefined {
    return this.base.page;
  }

  /**
   * Reads a register of xAPIC mode. Accesses narrower than 32 bits get the bytes that they address.
   *
   * @param offset - in the page.
   */
  read(offset: number, width: AccessWidth): number {
    const shift = (offset & 0xf) * 8;
    if (shift + width * 8 > 32) return 0;
    const value = this.#readRegister(XAPIC, offset >>> REGISTER_SHIFT) >>> shift;
    return width === 4 ? value : value & ((1 << (width * 8)) - 1);
  }

  /** Writes a register of xAPIC mode. Accesses other than of 32 bits, aligned to 16 bytes, are ignored (SDM 3A, 10.4.1). */
  write(offset: number, width: AccessWidth, value: number): void {
    if (width !== 4 || (offset & 0xf) !== 0) return;
    const register = XAPIC[offset >>> REGISTER_SHIFT];
    if (register === undefined) this.fail(ApicError.IllegalRegister);
    else register.write?.(this, value, 0);
  }

  /**
   * RDMSR of an MSR of {@link isApicMsr}.
   *
   * @param value - receives EDX:EAX.
   * @returns false for a general-protection fault.
   */
  readMsr(msr: number, value: WideValue): boolean {
    if (msr === BASE_MSR) this.base.read(value);
    else if (msr === TSC_DEADLINE_MSR) return this.#readDeadline(value);
    else return this.#readX2apic(msr - FIRST_MSR, value);
    return true;
  }

  /**
   * WRMSR of an MSR of {@link isApicMsr}. Reserved bits must be 0 (SDM 3A, 10.12.1.3).
   *
   * @param low - EAX, unsigned.
   * @param high - EDX, unsigned.
   * @returns false for a general-protection fault; nothing has changed then.
   */
  writeMsr(msr: number, low: number, high: number): boolean {
    if (msr === BASE_MSR) return this.writeBase(low, high);
    if (msr === TSC_DEADLINE_MSR) return this.#writeDeadline(low, high);
    const register = X2APIC[msr - FIRST_MSR];
    if (!this.base.x2apic || register?.write === undefined) return false;
    if ((low & ~(register.defined ?? -1)) !== 0 || (high !== 0 && register.offset !== COMMAND_OFFSET)) return false;
    register.write(this, low, high);
    return true;
  }

  #readX2apic(slot: number, value: WideValue): boolean {
    const register = X2APIC[slot];
    if (!this.base.x2apic || register?.read === undefined) return false;
    value.lo = this.#readRegister(X2APIC, slot);
    value.hi = register.offset === COMMAND_OFFSET ? this.command.high : 0;
    return true;
  }

  #readRegister(slots: readonly (ApicRegister | undefined)[], slot: number): number {
    const register = slots[slot];
    if (register === undefined) this.fail(ApicError.IllegalRegister);
    return (register?.read?.(this, slot - (register.offset >>> REGISTER_SHIFT)) ?? 0) >>> 0;
  }

  #readDeadline(value: WideValue): boolean {
    const { tscDeadline } = this.timer;
    value.lo = Number(BigInt.asUintN(32, tscDeadline));
    value.hi = Number(tscDeadline >> 32n);
    return this.hasTscDeadline;
  }

  #writeDeadline(low: number, high: number): boolean {
    if (this.hasTscDeadline) this.timer.tscDeadline = (BigInt(high) << 32n) | BigInt(low);
    return this.hasTscDeadline;
  }
}

function slotsOf(mode: 'xapic' | 'x2apic'): readonly (ApicRegister | undefined)[] {
  const slots = new Array<ApicRegister | undefined>(SLOTS).fill(undefined);
  for (const register of APIC_REGISTERS) {
    const first = register.offset >>> REGISTER_SHIFT;
    if ((register.only ?? mode) === mode) slots.fill(register, first, first + (register.words ?? 1));
  }
  return slots;
}
