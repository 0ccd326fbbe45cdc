import type { AttachedCpu } from '../system/cpu-attachment.js';
import { IDLE_PRIORITY, PRIORITY_BITS, PRIORITY_MASK, PRIORITY_SHIFT, SPURIOUS } from './limits.js';
import { requireWords } from './saved-state.js';

/** Interrupt groups: 0 is signalled as FIQ, 1 as IRQ (IHI 0069, 4.6). */
export type Group = 0 | 1;

/** Lower than every real priority: priorities are numbers, and smaller ones are higher. */
const NO_PRIORITY = 0x100;

/** ICC_CTLR_EL1 (IHI 0069, 12.2). */
export const CTLR_CBPR = 1;
export const CTLR_EOI_MODE = 2;
const CTLR_WRITABLE = CTLR_CBPR | CTLR_EOI_MODE;
const CTLR_PRI_BITS = (PRIORITY_BITS - 1) << 8;
const CTLR_A3V = 1 << 15;

/** Smallest binary point: all implemented priority bits are group priority bits (IHI 0069, 4.8). */
const MINIMUM_BPR0 = 7 - PRIORITY_BITS;
/** The Non-secure binary point is one higher for the same split. */
const MINIMUM_BPR1 = MINIMUM_BPR0 + 1;

/** Indices of the stored registers in the state. */
const PMR = 0;
const BPR = 1; // of group 0; that of group 1 follows
const CTLR = 3;
/** Bit n is ICC_IGRPENn_EL1.Enable. */
const GROUPS = 4;
const AP = 5; // of group 0; that of group 1 follows
/** GICR_WAKER.ProcessorSleep; ChildrenAsleep follows it at once. It has no other effect. */
const ASLEEP = 7;
const STATE_WORDS = 8;

const RESET_STATE = Uint32Array.of(0, MINIMUM_BPR0, MINIMUM_BPR1, 0, 0, 0, 0, 1);
const STATE_MASKS = Uint32Array.of(PRIORITY_MASK, 7, 7, CTLR_WRITABLE, 3, 0xffff_ffff, 0xffff_ffff, 1);

/** A validated state, for {@link CpuInterface.load}. */
export type CpuInterfaceState = readonly number[];

/**
 * The CPU interface of one vCPU: the state of its ICC registers, the highest-priority interrupt that it is offered,
 * and the rules by which that interrupt is signalled. There is one security state (GICD_CTLR.DS = 1), and the vCPU
 * runs Non-secure.
 */
export class CpuInterface {
  readonly index: number;
  readonly #cpu: AttachedCpu;
  readonly #state = new Uint32Array(STATE_WORDS);
  /** The highest-priority pending interrupt of the enabled groups, or {@link SPURIOUS}. */
  candidate = SPURIOUS;
  candidatePriority = NO_PRIORITY;
  candidateGroup: Group = 0;
  #irq = false;
  #fiq = false;

  constructor(cpu: AttachedCpu) {
    this.index = cpu.index;
    this.#cpu = cpu;
    cpu.nameInterrupts(() => (this.candidate === SPURIOUS ? undefined : this.candidate));
    this.reset();
  }

  get priorityMask(): number {
    return this.#get(PMR);
  }

  set priorityMask(value: number) {
    this.#state[PMR] = value & PRIORITY_MASK;
  }

  /** Bit n: group n is enabled (ICC_IGRPENn_EL1). */
  get groups(): number {
    return this.#get(GROUPS);
  }

  enableGroup(group: Group, enable: boolean): void {
    const bit = 1 << group;
    this.#state[GROUPS] = enable ? this.groups | bit : this.groups & ~bit;
  }

  get asleep(): boolean {
    return this.#get(ASLEEP) !== 0;
  }

  set asleep(value: boolean) {
    this.#state[ASLEEP] = Number(value);
  }

  /** ICC_CTLR_EL1: 16 INTID bits, Aff3 valid, no SEIs, no range selector, no priority mask hint. */
  get control(): number {
    return this.#get(CTLR) | CTLR_PRI_BITS | CTLR_A3V;
  }

  set control(value: number) {
    this.#state[CTLR] = value & CTLR_WRITABLE;
  }

  /** Whether EOIR only drops the priority, and DIR deactivates (EOImode). */
  get splitEoi(): boolean {
    return (this.#get(CTLR) & CTLR_EOI_MODE) !== 0;
  }

  /** ICC_BPRn_EL1. With CBPR, reads for group 1 give group 0's, in the Non-secure encoding. */
  binaryPoint(group: Group): number {
    return group === 1 && this.#commonBinaryPoint ? Math.min(this.#get(BPR) + 1, 7) : this.#get(BPR + group);
  }

  setBinaryPoint(group: Group, value: number): void {
    if (group === 1 && this.#commonBinaryPoint) return;
    this.#state[BPR + group] = Math.max(value & 7, group === 0 ? MINIMUM_BPR0 : MINIMUM_BPR1);
  }

  activePriorities(group: Group): number {
    return this.#get(AP + group);
  }

  setActivePriorities(group: Group, value: number): void {
    this.#state[AP + group] = value;
  }

  /** ICC_RPR_EL1: the group priority of the highest active interrupt. */
  get runningPriority(): number {
    const active = this.#get(AP) | this.#get(AP + 1);
    return active === 0 ? IDLE_PRIORITY : lowestBit(active) << PRIORITY_SHIFT;
  }

  /** Forgets the candidate before a new selection. */
  clearCandidate(): void {
    this.candidate = SPURIOUS;
    this.candidatePriority = NO_PRIORITY;
    this.candidateGroup = 0;
  }

  setCandidate(intid: number, priority: number, group: Group): void {
    this.candidate = intid;
    this.candidatePriority = priority;
    this.candidateGroup = group;
  }

  /**
   * Whether an interrupt would be signalled: its group is enabled, and it is above the mask and the running priority
   * (IHI 0069, 4.8).
   */
  accepts(priority: number, group: Group): boolean {
    if ((this.groups & (1 << group)) === 0 || priority >= this.priorityMask) return false;
    const running = this.runningPriority;
    if (running === IDLE_PRIORITY) return true;
    const mask = this.#groupPriorityMask(group);
    return (priority & mask) < (running & mask);
  }

  /** Drives the vCPU's IRQ and FIQ inputs according to the candidate. */
  signal(): void {
    const wanted = this.candidate !== SPURIOUS && this.accepts(this.candidatePriority, this.candidateGroup);
    const irq = wanted && this.candidateGroup === 1;
    const fiq = wanted && this.candidateGroup === 0;
    if (irq !== this.#irq) this.#cpu.setIrq((this.#irq = irq));
    if (fiq !== this.#fiq) this.#cpu.setFiq((this.#fiq = fiq));
  }

  /** Acknowledges in `group`: returns the INTID, and marks its group priority active. */
  acknowledge(group: Group): number {
    const intid = this.candidate;
    if (intid === SPURIOUS || this.candidateGroup !== group || !this.accepts(this.candidatePriority, group))
      return SPURIOUS;
    const groupPriority = this.candidatePriority & this.#groupPriorityMask(group);
    this.#state[AP + group] = this.#get(AP + group) | (1 << (groupPriority >>> PRIORITY_SHIFT));
    return intid;
  }

  /**
   * Drops the running priority. Does nothing and returns false if nothing is active, or if the highest active priority
   * is of the other group (group 0, if both have it).
   */
  dropPriority(group: Group): boolean {
    const own = this.#get(AP + group);
    const other = this.#get(AP + 1 - group);
    if (own === 0) return false;
    if (other !== 0 && lowestBit(other) + (1 - group) <= lowestBit(own)) return false;
    this.#state[AP + group] = own & (own - 1);
    return true;
  }

  /** Power-on state; drives both inputs low. */
  reset(): void {
    this.#state.set(RESET_STATE);
    this.clearCandidate();
    this.#cpu.setIrq((this.#irq = false));
    this.#cpu.setFiq((this.#fiq = false));
  }

  save(): number[] {
    return [...this.#state];
  }

  load(state: CpuInterfaceState): void {
    this.#state.set(state);
  }

  get #commonBinaryPoint(): boolean {
    return (this.#get(CTLR) & CTLR_CBPR) !== 0;
  }

  /** In group 0, bits 7 to BPR0 + 1 are the group priority; in group 1 in the Non-secure state, bits 7 to BPR1. */
  #groupPriorityMask(group: Group): number {
    const own = group === 1 && !this.#commonBinaryPoint;
    return (0xff << (own ? this.#get(BPR + 1) : this.#get(BPR) + 1)) & 0xff;
  }

  #get(index: number): number {
    return this.#state[index] ?? 0;
  }
}

/** Validates a state that `save` made. */
export function decodeCpuInterface(state: unknown): CpuInterfaceState {
  const words = requireWords(state, STATE_WORDS, (index) => STATE_MASKS[index] ?? 0, 'cpuInterface');
  return words.map((word, index) =>
    index === BPR || index === BPR + 1 ? Math.max(word, RESET_STATE[index] ?? 0) : word,
  );
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
