import { InterruptBus, INTERRUPT_WIRING } from '@qvm/core/architecture';
import { createVmHooks } from '@qvm/core/host';
import type { InterruptLine } from '@qvm/core/vdev';
import { createVdev } from '@qvm/testing';
import type { FakeVdevContext, VdevHarness } from '@qvm/testing';
import { AARCH64_CPUS } from '../system/cpu-attachment.js';
import { FakeCpu } from './fake-cpu.test.helper.js';
import { gic } from './index.js';

/** Register offsets as drivers name them. */
export const CTLR = 0x0;
export const WAKER = 0x14;
export const IGROUPR = 0x80;
export const ISENABLER = 0x100;
export const ICENABLER = 0x180;
export const ISPENDR = 0x200;
export const ICPENDR = 0x280;
export const ISACTIVER = 0x300;
export const ICACTIVER = 0x380;
export const IPRIORITYR = 0x400;
export const ICFGR = 0xc00;
export const IROUTER = 0x6000;

const ALL = 0xffff_ffff;
const SGI_BASE = 0x1_0000;
const REDISTRIBUTOR = 0x2_0000;

/** Adds the attachments that a GIC needs to a context. */
export function attachCpus(context: FakeVdevContext, cpus: readonly FakeCpu[]): InterruptBus {
  const bus = new InterruptBus(cpus.length, createVmHooks('test'));
  context.attach(AARCH64_CPUS, cpus);
  context.attach(INTERRUPT_WIRING, bus);
  return bus;
}

/** A GIC with its vCPUs and lines. */
export class GicBench {
  readonly cpus: readonly FakeCpu[];
  readonly harness: VdevHarness;
  readonly #bus: InterruptBus;
  readonly #lines = new Map<string, InterruptLine>();

  constructor(vcpus = 1, affinity: (index: number) => bigint = BigInt) {
    this.cpus = Array.from({ length: vcpus }, (_, index) => new FakeCpu(index, affinity(index)));
    let bus: InterruptBus | undefined;
    this.harness = createVdev(gic, {
      context: { vcpus },
      prepare: (context) => void (bus = attachCpus(context, this.cpus)),
    });
    if (bus === undefined) throw new Error('the bench was not prepared');
    this.#bus = bus;
  }

  cpu(index = 0): FakeCpu {
    const cpu = this.cpus[index];
    if (cpu === undefined) throw new RangeError(`no vCPU ${index}`);
    return cpu;
  }

  line(intid: number, vcpu = 0): InterruptLine {
    const isPrivate = intid < 32;
    const key = isPrivate ? `${intid} ${vcpu}` : `${intid}`;
    const line =
      this.#lines.get(key) ?? (isPrivate ? this.#bus.privateLine(intid, vcpu, 'test') : this.#bus.line(intid, 'test'));
    this.#lines.set(key, line);
    return line;
  }

  gicd(offset: number): number {
    return this.harness.read(offset, 4, 'distributor');
  }

  setGicd(offset: number, value: number): void {
    this.harness.write(offset, value >>> 0, 4, 'distributor');
  }

  /** RD_base. */
  gicr(vcpu: number, offset: number): number {
    return this.harness.read(vcpu * REDISTRIBUTOR + offset, 4, 'redistributors');
  }

  setGicr(vcpu: number, offset: number, value: number): void {
    this.harness.write(vcpu * REDISTRIBUTOR + offset, value >>> 0, 4, 'redistributors');
  }

  /** The bit of an interrupt in a one-bit register of the distributor or the redistributor. */
  bit(offset: number, intid: number, vcpu = 0): boolean {
    const word = intid < 32 ? this.gicr(vcpu, SGI_BASE + offset) : this.gicd(offset + (intid >>> 5) * 4);
    return ((word >>> (intid & 31)) & 1) === 1;
  }

  /** Writes 1 for an interrupt to a set or clear register. */
  setBit(offset: number, intid: number, vcpu = 0): void {
    if (intid < 32) this.setGicr(vcpu, SGI_BASE + offset, 1 << intid);
    else this.setGicd(offset + (intid >>> 5) * 4, 1 << (intid & 31));
  }

  /** Changes a bit of a plain one-bit register. */
  changeBit(offset: number, intid: number, vcpu: number, value: boolean): void {
    const at = intid < 32 ? SGI_BASE + offset : offset + (intid >>> 5) * 4;
    const mask = 1 << (intid & 31);
    const before = intid < 32 ? this.gicr(vcpu, at) : this.gicd(at);
    const after = value ? before | mask : before & ~mask;
    if (intid < 32) this.setGicr(vcpu, at, after);
    else this.setGicd(at, after);
  }

  setPriority(intid: number, vcpu: number, priority: number): void {
    if (intid < 32) {
      this.harness.write(vcpu * REDISTRIBUTOR + SGI_BASE + IPRIORITYR + intid, priority, 1, 'redistributors');
    } else {
      this.harness.write(IPRIORITYR + intid, priority, 1, 'distributor');
    }
  }

  setEdge(intid: number, vcpu: number, edge: boolean): void {
    const at = (intid < 32 ? SGI_BASE : 0) + ICFGR + (intid >>> 4) * 4;
    const mask = 2 << ((intid & 15) * 2);
    const before = intid < 32 ? this.gicr(vcpu, at) : this.gicd(at);
    const after = edge ? before | mask : before & ~mask;
    if (intid < 32) this.setGicr(vcpu, at, after);
    else this.setGicd(at, after);
  }

  setRoute(intid: number, low: number, high = 0): void {
    this.setGicd(IROUTER + intid * 8, low);
    this.setGicd(IROUTER + intid * 8 + 4, high);
  }

  /** Writes the registers that Linux's irq-gic-v3 writes at boot, on every vCPU. */
  linuxInit(splitEoi = false): void {
    this.#linuxDistributor();
    for (const cpu of this.cpus) this.#linuxCpu(cpu, splitEoi);
  }

  #linuxDistributor(): void {
    const words = (this.gicd(0x4) & 31) + 1;
    this.setGicd(CTLR, 0);
    for (let word = 1; word < words; word++) {
      this.setGicd(IGROUPR + word * 4, ALL);
      this.setGicd(ICFGR + word * 8, 0);
      this.setGicd(ICFGR + word * 8 + 4, 0);
      for (let place = 0; place < 8; place++) this.setGicd(IPRIORITYR + word * 32 + place * 4, 0xa0a0_a0a0);
      this.setGicd(ICACTIVER + word * 4, ALL);
      this.setGicd(ICENABLER + word * 4, ALL);
    }
    this.setGicd(CTLR, 0x13);
    const affinity = Number(this.cpu().affinity);
    for (let intid = 32; intid < words * 32; intid++) this.setRoute(intid, affinity);
  }

  #linuxCpu(cpu: FakeCpu, splitEoi: boolean): void {
    this.setGicr(cpu.index, WAKER, this.gicr(cpu.index, WAKER) & ~2);
    this.setGicr(cpu.index, SGI_BASE + IGROUPR, ALL);
    this.setGicr(cpu.index, SGI_BASE + ICACTIVER, ALL);
    this.setGicr(cpu.index, SGI_BASE + ICENABLER, ALL);
    for (let place = 0; place < 8; place++) this.setGicr(cpu.index, SGI_BASE + IPRIORITYR + place * 4, 0xa0a0_a0a0);
    cpu.write('ICC_SRE_EL1', cpu.read('ICC_SRE_EL1') | 1);
    cpu.write('ICC_PMR_EL1', 0xf0);
    cpu.write('ICC_BPR1_EL1', 0);
    cpu.write('ICC_CTLR_EL1', splitEoi ? 2 : 0);
    cpu.write('ICC_AP0R0_EL1', 0);
    cpu.write('ICC_AP1R0_EL1', 0);
    cpu.write('ICC_IGRPEN1_EL1', 1);
    this.setGicr(cpu.index, SGI_BASE + ISENABLER, 0xff);
  }
}
