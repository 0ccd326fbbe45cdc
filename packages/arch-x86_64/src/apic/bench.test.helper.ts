import { ManualClock } from '@qvm/testing';
import { ApicBus } from './apic-bus.js';
import type { ApicFeatures } from './local/apic-base.js';
import type { LocalApic } from './local/local-apic.js';
import { ApicRequest } from './vcpu.js';
import type { ApicVcpu } from './vcpu.js';

export const ID = 0x20;
export const VERSION = 0x30;
export const TPR = 0x80;
export const PPR = 0xa0;
export const EOI = 0xb0;
export const LDR = 0xd0;
export const DFR = 0xe0;
export const SVR = 0xf0;
export const ISR = 0x100;
export const TMR = 0x180;
export const IRR = 0x200;
export const ESR = 0x280;
export const ICR = 0x300;
export const ICR_HIGH = 0x310;
export const LVT_TIMER = 0x320;
export const LVT_THERMAL = 0x330;
export const LVT_PERFORMANCE = 0x340;
export const LVT_LINT0 = 0x350;
export const LVT_LINT1 = 0x360;
export const LVT_ERROR = 0x370;
export const INITIAL_COUNT = 0x380;
export const CURRENT_COUNT = 0x390;
export const DCR = 0x3e0;

export const MASKED = 0x1_0000;
export const APIC_BASE = 0x1b;
export const TSC_DEADLINE = 0x6e0;

/** A vCPU that only counts kicks. Its time-stamp counter runs at 2 GHz and began at 0. */
export class FakeVcpu implements ApicVcpu {
  kicks = 0;

  kick(): void {
    this.kicks++;
  }

  timeOfTsc(count: bigint): number {
    return Number(count) / 2;
  }
}

/** Local APICs with their bus, as a machine has them, and accesses as vCPUs make them. */
export class ApicBench {
  readonly clock = new ManualClock();
  readonly bus: ApicBus;
  readonly vcpus: readonly FakeVcpu[];

  constructor(vcpus = 1, features: ApicFeatures = {}) {
    this.bus = new ApicBus(vcpus, this.clock, features);
    this.vcpus = this.bus.apics.map(() => new FakeVcpu());
    this.bus.apics.forEach((apic, index) => apic.connect(this.vcpu(index)));
  }

  /** APICs that software has enabled, whose vCPUs have started. */
  static enabled(vcpus = 1): ApicBench {
    const bench = new ApicBench(vcpus);
    for (let id = 0; id < vcpus; id++) bench.enable(id);
    return bench;
  }

  enable(id: number): void {
    this.write(SVR, 0x1ff, id);
    if (!this.apic(id).waitsForStartUp) return;
    this.apic(id).receive((6 << 8) | 0x9a);
    this.apic(id).takeStartUp();
  }

  apic(id = 0): LocalApic {
    const apic = this.bus.apics[id];
    if (apic === undefined) throw new RangeError(`no local APIC ${id}`);
    return apic;
  }

  vcpu(id = 0): FakeVcpu {
    const vcpu = this.vcpus[id];
    if (vcpu === undefined) throw new RangeError(`no vCPU ${id}`);
    return vcpu;
  }

  read(offset: number, id = 0): number {
    return this.apic(id).read(offset, 4);
  }

  write(offset: number, value: number, id = 0): void {
    this.apic(id).write(offset, 4, value >>> 0);
  }

  /** RDMSR; `undefined` for a general-protection fault. */
  readMsr(msr: number, id = 0): bigint | undefined {
    const value = { lo: 0, hi: 0 };
    return this.apic(id).readMsr(msr, value) ? (BigInt(value.hi) << 32n) | BigInt(value.lo) : undefined;
  }

  /** WRMSR; false for a general-protection fault. */
  writeMsr(msr: number, value: bigint | number, id = 0): boolean {
    const bits = BigInt(value);
    return this.apic(id).writeMsr(msr, Number(bits & 0xffff_ffffn), Number(bits >> 32n));
  }

  /** Puts the local APIC into x2APIC mode. */
  toX2apic(id = 0): void {
    this.writeMsr(APIC_BASE, 0xfee0_0c00, id);
  }

  /** Whether a bit of IRR, ISR or TMR is set. */
  bit(set: number, vector: number, id = 0): boolean {
    return ((this.read(set + (vector >>> 5) * 0x10, id) >>> (vector & 31)) & 1) === 1;
  }

  /** A fixed interrupt by MSI to one APIC. */
  send(vector: number, id = 0, level = false): boolean {
    return this.bus.message(0xfee0_0000 + id * 0x1000, vector | (level ? 0xc000 : 0));
  }

  /** Takes the interrupt; -1 when none is requested. */
  take(id = 0): number {
    const apic = this.apic(id);
    return (apic.requests & ApicRequest.Interrupt) === 0 ? -1 : apic.acknowledge();
  }

  errors(id = 0): number {
    this.write(ESR, 0, id);
    return this.read(ESR, id);
  }
}
