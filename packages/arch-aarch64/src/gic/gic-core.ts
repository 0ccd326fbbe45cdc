import type { AttachedCpu } from '../system/cpu-attachment.js';
import { CpuInterface } from './cpu-interface.js';
import type { Group } from './cpu-interface.js';
import { InterruptBanks } from './interrupt-banks.js';
import { INTERRUPTS, PRIVATE_INTERRUPTS, SHARED_WORDS, SPURIOUS } from './limits.js';
import { packAffinity, Routing, TARGET_ANY } from './routing.js';

/**
 * State and rules that the registers of the frames and of the CPU interfaces act on: the interrupts, their routes, and
 * the selection of the interrupt that each vCPU is offered. Every method leaves all vCPUs' inputs up to date.
 */
export class GicCore {
  readonly banks: InterruptBanks;
  readonly routing: Routing;
  readonly cpus: readonly CpuInterface[];
  /** Affinity of each vCPU: Aff3.Aff2.Aff1.Aff0. */
  readonly affinities: readonly number[];
  /** How often each interrupt was acknowledged, by word × 32 + bit. */
  readonly deliveries: Uint32Array;
  /** Bit n: group n is enabled (GICD_CTLR.EnableGrpn). */
  #groups = 0;

  constructor(cpus: readonly AttachedCpu[]) {
    this.affinities = cpus.map((cpu) => packAffinity(cpu.affinity));
    this.cpus = cpus.map((cpu) => new CpuInterface(cpu));
    this.banks = new InterruptBanks(cpus.length);
    this.routing = new Routing(this.affinities);
    this.deliveries = new Uint32Array(this.banks.words * 32);
  }

  get groups(): number {
    return this.#groups;
  }

  set groups(value: number) {
    this.#groups = value & 3;
    this.refreshAll();
  }

  /** Must be called after a change of the word's interrupts. */
  refreshWord(word: number): void {
    if (word < this.cpus.length) this.refreshCpu(word);
    else this.refreshAll();
  }

  /**
   * Must be called after a change of one vCPU's interface. Interrupts with 1 of N routing may move to or from other
   * vCPUs.
   */
  refreshCpu(vcpu: number): void {
    if (this.routing.hasAny) this.refreshAll();
    else this.#refresh(vcpu);
  }

  refreshAll(): void {
    for (let vcpu = 0; vcpu < this.cpus.length; vcpu++) this.#refresh(vcpu);
  }

  /** Must be called when an input line changes. */
  setLevel(intid: number, vcpu: number, level: boolean): void {
    this.banks.setLevel(this.banks.wordOf(intid, vcpu), intid & 31, level);
    this.#refreshInterrupt(intid, vcpu);
  }

  /** ICC_IARn_EL1: acknowledges an interrupt and returns its INTID. */
  acknowledge(cpu: CpuInterface, group: Group): number {
    const intid = cpu.acknowledge(group);
    if (intid === SPURIOUS) return SPURIOUS;
    const word = this.banks.wordOf(intid, cpu.index);
    const index = word * 32 + (intid & 31);
    this.banks.activate(word, intid & 31);
    this.deliveries[index] = (this.deliveries[index] ?? 0) + 1;
    this.refreshCpu(cpu.index);
    return intid;
  }

  /** ICC_EOIRn_EL1. Special and unimplemented INTIDs are ignored. */
  endOfInterrupt(cpu: CpuInterface, group: Group, intid: number): void {
    if (intid >= INTERRUPTS || !cpu.dropPriority(group)) return;
    if (cpu.splitEoi) this.refreshCpu(cpu.index);
    else this.#deactivate(cpu, intid);
  }

  /** ICC_DIR_EL1. Without EOImode it is UNPREDICTABLE and does nothing here (IHI 0069, 12.2). */
  deactivate(cpu: CpuInterface, intid: number): void {
    if (intid < INTERRUPTS && cpu.splitEoi) this.#deactivate(cpu, intid);
  }

  /** ICC_HPPIRn_EL1. */
  highestPending(cpu: CpuInterface, group: Group): number {
    return cpu.candidateGroup === group ? cpu.candidate : SPURIOUS;
  }

  /** Makes an SGI pending on a vCPU that has it in `group`; elsewhere it is dropped (IHI 0069, 12.2). */
  sendSgi(vcpu: number, sgi: number, group: Group): void {
    const bit = 1 << sgi;
    const { banks } = this;
    if ((((banks.group[vcpu] ?? 0) >>> sgi) & 1) !== group) return;
    banks.latch[vcpu] = (banks.latch[vcpu] ?? 0) | bit;
    this.refreshCpu(vcpu);
  }

  reset(): void {
    this.#groups = 0;
    this.banks.reset();
    this.routing.reset();
    this.deliveries.fill(0);
    for (const cpu of this.cpus) cpu.reset();
    this.refreshAll();
  }

  #deactivate(cpu: CpuInterface, intid: number): void {
    this.banks.deactivate(this.banks.wordOf(intid, cpu.index), intid & 31);
    this.refreshCpu(cpu.index);
    // The interrupt may have been rerouted since it was offered.
    if (intid >= PRIVATE_INTERRUPTS && this.routing.target(intid - PRIVATE_INTERRUPTS) !== cpu.index) {
      this.#refreshInterrupt(intid, cpu.index);
    }
  }

  #refreshInterrupt(intid: number, vcpu: number): void {
    if (intid < PRIVATE_INTERRUPTS) {
      this.refreshCpu(vcpu);
      return;
    }
    const target = this.routing.target(intid - PRIVATE_INTERRUPTS);
    if (target === TARGET_ANY) this.refreshAll();
    else if (target >= 0) this.#refresh(target);
  }

  #refresh(vcpu: number): void {
    const cpu = this.cpus[vcpu];
    if (cpu === undefined) return;
    cpu.clearCandidate();
    const groups = this.#groups & cpu.groups;
    if (groups !== 0) {
      this.#select(cpu, vcpu, 0, groups);
      for (let shared = 0; shared < SHARED_WORDS; shared++) {
        this.#select(cpu, this.cpus.length + shared, PRIVATE_INTERRUPTS + shared * 32, groups);
      }
    }
    cpu.signal();
  }

  /**
   * Offers the best ready interrupt of a word to a vCPU. Of equal priorities, the lowest INTID wins (implementation
   * defined, IHI 0069, 4.8).
   */
  #select(cpu: CpuInterface, word: number, firstIntid: number, groups: number): void {
    const group = this.banks.group[word] ?? 0;
    const enabled = ((groups & 1) !== 0 ? ~group : 0) | ((groups & 2) !== 0 ? group : 0);
    let ready = this.banks.ready(word) & enabled;
    while (ready !== 0) {
      const bit = 31 - Math.clz32(ready & -ready);
      ready &= ready - 1;
      const priority = this.banks.priority[word * 32 + bit] ?? 0;
      if (priority >= cpu.candidatePriority) continue;
      const intid = firstIntid + bit;
      const ofGroup: Group = ((group >>> bit) & 1) === 1 ? 1 : 0;
      if (intid < PRIVATE_INTERRUPTS || this.#goesTo(intid, cpu, priority, ofGroup)) {
        cpu.setCandidate(intid, priority, ofGroup);
      }
    }
  }

  #goesTo(intid: number, cpu: CpuInterface, priority: number, group: Group): boolean {
    const target = this.routing.target(intid - PRIVATE_INTERRUPTS);
    return target === cpu.index || (target === TARGET_ANY && this.#firstAccepting(priority, group) === cpu);
  }

  /** 1 of N routing (IHI 0069, 3.3): the first vCPU that the interrupt would be signalled to. */
  #firstAccepting(priority: number, group: Group): CpuInterface | undefined {
    for (const cpu of this.cpus) if (cpu.accepts(priority, group)) return cpu;
    return undefined;
  }
}
