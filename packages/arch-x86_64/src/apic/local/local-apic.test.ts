import * as bench from '../bench.test.helper.js';
import { ApicBench } from '../bench.test.helper.js';
import { ApicRequest } from '../vcpu.js';
import { isApicMsr } from './local-apic.js';

const NONE = -1;

describe('after power-on', () => {
  it('registers have the values of the manual', () => {
    const made = new ApicBench(2);
    const values = [bench.ID, bench.TPR, bench.PPR, bench.LDR, bench.DFR, bench.SVR, bench.ESR, bench.ICR];
    expect(values.map((offset) => made.read(offset, 1))).toEqual([0x0100_0000, 0, 0, 0, 0xffff_ffff, 0xff, 0, 0]);
    for (let entry = bench.LVT_TIMER; entry <= bench.LVT_ERROR; entry += 0x10)
      expect(made.read(entry)).toBe(bench.MASKED);
    for (const offset of [bench.INITIAL_COUNT, bench.CURRENT_COUNT, bench.DCR]) expect(made.read(offset)).toBe(0);
  });

  it('says version 14h with six entries of the local vector table', () => {
    expect(new ApicBench().read(bench.VERSION)).toBe(0x0105_0014);
  });

  it('the first vCPU is the bootstrap one, the others wait for a start-up message', () => {
    const made = new ApicBench(2);
    expect([made.readMsr(bench.APIC_BASE, 0), made.readMsr(bench.APIC_BASE, 1)]).toEqual([0xfee0_0900n, 0xfee0_0800n]);
    expect([made.apic(0).waitsForStartUp, made.apic(1).waitsForStartUp]).toEqual([false, true]);
  });
});

describe('the page of registers', () => {
  it('gives narrow reads the bytes they address, and ignores narrow and misplaced writes', () => {
    const { apic } = { apic: ApicBench.enabled().apic() };
    apic.write(bench.TPR, 4, 0xa5);
    expect([apic.read(bench.TPR, 1), apic.read(bench.TPR, 2), apic.read(bench.TPR + 1, 1)]).toEqual([0xa5, 0xa5, 0]);
    expect(apic.read(bench.VERSION + 2, 2)).toBe(0x0105);
    apic.write(bench.TPR, 1, 0x11);
    apic.write(bench.TPR, 2, 0x11);
    apic.write(bench.TPR + 4, 4, 0x11);
    expect([apic.read(bench.TPR, 4), apic.read(bench.TPR + 4, 4), apic.read(bench.TPR + 3, 2)]).toEqual([0xa5, 0, 0]);
  });

  it('reports accesses to reserved registers, and not writes to read-only ones', () => {
    const made = ApicBench.enabled();
    made.write(bench.VERSION, 5);
    expect(made.errors()).toBe(0);
    expect(made.read(0x90)).toBe(0);
    expect(made.errors()).toBe(0x80);
    made.write(0x2f0, 0x1_0000);
    expect(made.errors()).toBe(0x80);
    expect(made.read(0xff0)).toBe(0);
    expect(made.errors()).toBe(0x80);
  });

  it('keeps writable bits only', () => {
    const made = ApicBench.enabled();
    const writes = [bench.TPR, bench.LDR, bench.DFR, bench.SVR, bench.ICR_HIGH, bench.DCR];
    for (const offset of writes) made.write(offset, 0xffff_ffff);
    expect(writes.map((offset) => made.read(offset))).toEqual([
      0xff, 0xff00_0000, 0xffff_ffff, 0x11ff, 0xff00_0000, 0xb,
    ]);
    made.write(bench.DFR, 0);
    expect(made.read(bench.DFR)).toBe(0x0fff_ffff);
    const entries = [0x320, 0x330, 0x340, 0x350, 0x360, 0x370];
    for (const offset of entries) made.write(offset, 0xffff_ffff);
    const expected = [0x7_00ff, 0x1_07ff, 0x1_07ff, 0x1_a7ff, 0x1_a7ff, 0x1_00ff];
    expect(entries.map((offset) => made.read(offset))).toEqual(expected);
    made.write(bench.ID, 0x5500_0000);
    expect(made.read(bench.ID)).toBe(0);
  });
});

describe('priorities', () => {
  it('an interrupt is accepted, taken and ended', () => {
    const made = ApicBench.enabled();
    expect(made.send(0x41)).toBe(true);
    expect([made.bit(bench.IRR, 0x41), made.bit(bench.ISR, 0x41), made.vcpu().kicks]).toEqual([true, false, 1]);
    expect([made.take(), made.read(bench.PPR)]).toEqual([0x41, 0x40]);
    expect([made.bit(bench.IRR, 0x41), made.bit(bench.ISR, 0x41), made.take()]).toEqual([false, true, NONE]);
    made.write(bench.EOI, 0);
    expect([made.bit(bench.ISR, 0x41), made.read(bench.PPR), made.take()]).toEqual([false, 0, NONE]);
  });

  it('the highest vector comes first, and only a higher class interrupts a service', () => {
    const made = ApicBench.enabled();
    for (const vector of [0x31, 0x52, 0x5f]) made.send(vector);
    expect([made.take(), made.take()]).toEqual([0x5f, NONE]);
    made.send(0x60);
    expect([made.take(), made.read(bench.PPR)]).toEqual([0x60, 0x60]);
    made.write(bench.EOI, 0);
    expect(made.read(bench.PPR)).toBe(0x50);
    made.write(bench.EOI, 0);
    expect(made.take()).toBe(0x52);
    made.write(bench.EOI, 0);
    expect(made.take()).toBe(0x31);
  });

  it('the same vector is remembered once while it is in service', () => {
    const made = ApicBench.enabled();
    made.send(0x41);
    made.take();
    made.send(0x41);
    made.send(0x41);
    made.write(bench.EOI, 0);
    expect(made.take()).toBe(0x41);
    made.write(bench.EOI, 0);
    expect(made.take()).toBe(NONE);
  });

  it('interrupts of the task priority class and below wait', () => {
    const made = ApicBench.enabled();
    made.write(bench.TPR, 0x4f);
    made.send(0x4f);
    expect([made.take(), made.read(bench.PPR)]).toEqual([NONE, 0x4f]);
    made.write(bench.TPR, 0x3f);
    expect(made.take()).toBe(0x4f);
    expect(made.read(bench.PPR)).toBe(0x40);
    made.write(bench.TPR, 0x45);
    expect(made.read(bench.PPR)).toBe(0x45);
  });

  it('CR8 is the class of the task priority', () => {
    const made = ApicBench.enabled();
    made.write(bench.TPR, 0x5c);
    expect(made.apic().cr8).toBe(5);
    made.send(0x61);
    made.apic().cr8 = 6;
    expect([made.read(bench.TPR), made.take()]).toEqual([0x60, NONE]);
    made.apic().cr8 = 0;
    expect(made.take()).toBe(0x61);
  });

  it('an interrupt that was withdrawn by the task priority gives the spurious vector, without service', () => {
    const made = ApicBench.enabled();
    made.write(bench.SVR, 0x1ef);
    made.send(0x41);
    made.write(bench.TPR, 0xff);
    expect(made.apic().acknowledge()).toBe(0xef);
    expect([made.bit(bench.ISR, 0xef), made.bit(bench.IRR, 0x41)]).toEqual([false, true]);
  });

  it('an end of interrupt without one in service does nothing', () => {
    const made = ApicBench.enabled();
    made.write(bench.EOI, 0);
    expect(made.errors()).toBe(0);
  });

  it('wakes the vCPU when it lowers the priority, and once for several interrupts', () => {
    const made = ApicBench.enabled();
    made.write(bench.TPR, 0xf0);
    made.send(0x41);
    expect(made.vcpu().kicks).toBe(0);
    made.write(bench.TPR, 0);
    made.send(0x42);
    expect(made.vcpu().kicks).toBe(1);
  });
});

describe('software enable', () => {
  it('disabled, takes no fixed interrupt, masks the local vector table, and keeps what was accepted', () => {
    const made = ApicBench.enabled();
    made.write(bench.LVT_TIMER, 0x40);
    made.send(0x41);
    made.write(bench.SVR, 0xff);
    expect([made.send(0x51), made.bit(bench.IRR, 0x51), made.take()]).toEqual([false, false, 0x41]);
    made.write(bench.LVT_TIMER, 0x40);
    expect(made.read(bench.LVT_TIMER)).toBe(bench.MASKED | 0x40);
    made.write(bench.SVR, 0x1ff);
    expect(made.read(bench.LVT_TIMER)).toBe(bench.MASKED | 0x40);
  });

  it('disabled, still takes NMI and INIT, and sends', () => {
    const made = ApicBench.enabled(2);
    made.write(bench.SVR, 0xff);
    made.bus.message(0xfee0_0000, 0x400);
    made.bus.message(0xfee0_0000, 0x500);
    expect(made.apic().requests).toBe(ApicRequest.Nmi | ApicRequest.Init);
    made.write(bench.ICR_HIGH, 0x0100_0000);
    made.write(bench.ICR, 0x41);
    expect(made.take(1)).toBe(0x41);
  });
});

describe('errors', () => {
  it('become visible by a write of the register, and raise its interrupt once until then', () => {
    const made = ApicBench.enabled();
    made.write(bench.LVT_ERROR, 0xfe);
    made.send(0x0f);
    made.write(bench.ICR, 0x0f);
    expect([made.read(bench.ESR), made.take()]).toEqual([0, 0xfe]);
    made.read(0x90);
    made.write(bench.EOI, 0);
    expect(made.take()).toBe(NONE);
    expect([made.errors(), made.errors()]).toEqual([0xe0, 0]);
    made.read(0x90);
    expect(made.take()).toBe(0xfe);
  });

  it('an illegal vector of the error entry itself ends', () => {
    const made = ApicBench.enabled();
    made.write(bench.LVT_ERROR, 0x02);
    made.read(0x90);
    expect(made.errors()).toBe(0xc0);
  });
});

describe('INIT and start-up', () => {
  function start(made: ApicBench, id: number, vector = 0x9a): void {
    made.write(bench.ICR_HIGH, id << 24);
    made.write(bench.ICR, 0x4500);
    if ((made.apic(id).requests & ApicRequest.Init) !== 0) made.apic(id).takeInit();
    made.write(bench.ICR, 0x4600 | vector);
  }

  it('a waiting vCPU starts at the vector of the message, once', () => {
    const made = new ApicBench(2);
    start(made, 1);
    expect([made.apic(1).requests, made.vcpu(1).kicks]).toEqual([ApicRequest.StartUp, 2]);
    expect([made.apic(1).takeStartUp(), made.apic(1).waitsForStartUp]).toEqual([0x9a, false]);
    made.write(bench.ICR, 0x469b);
    expect(made.apic(1).requests).toBe(0);
  });

  it('a start-up message that follows INIT is kept until INIT is taken', () => {
    const made = ApicBench.enabled(2);
    made.write(bench.ICR_HIGH, 0x0100_0000);
    made.write(bench.ICR, 0x4500);
    made.write(bench.ICR, 0x4611);
    expect(made.apic(1).requests).toBe(ApicRequest.Init);
    made.apic(1).takeInit();
    expect(made.apic(1).requests).toBe(ApicRequest.StartUp);
    expect(made.apic(1).takeStartUp()).toBe(0x11);
  });

  it('takes nothing but INIT and start-up while it waits, and keeps the NMI', () => {
    const made = new ApicBench(2);
    made.write(bench.SVR, 0x1ff, 1);
    made.bus.message(0xfee0_1000, 0x400);
    made.send(0x41, 1);
    expect(made.apic(1).requests).toBe(0);
    start(made, 1);
    made.apic(1).takeStartUp();
    made.bus.message(0xfee0_1000, 0x400);
    expect(made.apic(1).requests).toBe(ApicRequest.Nmi);
    made.apic(1).takeNmi();
    expect(made.apic(1).requests).toBe(0);
  });

  it('INIT resets the registers, but for mode, base and ID', () => {
    const made = ApicBench.enabled(2);
    made.writeMsr(bench.APIC_BASE, 0xfed0_0800, 1);
    made.write(bench.TPR, 0x30, 1);
    made.write(bench.LDR, 0x0200_0000, 1);
    made.write(bench.INITIAL_COUNT, 1000, 1);
    made.send(0x51, 1);
    made.apic(1).takeInit();
    expect(
      [bench.TPR, bench.LDR, bench.INITIAL_COUNT, bench.CURRENT_COUNT, bench.IRR + 0x20].map((at) => made.read(at, 1)),
    ).toEqual([0, 0, 0, 0, 0]);
    expect([made.read(bench.SVR, 1), made.read(bench.ID, 1), made.apic(1).page]).toEqual([
      0xff, 0x0100_0000, 0xfed0_0000,
    ]);
  });

  it('the bootstrap vCPU does not wait after INIT, and ignores start-up', () => {
    const made = ApicBench.enabled(2);
    made.write(bench.ICR_HIGH, 0, 1);
    made.write(bench.ICR, 0x4500, 1);
    made.write(bench.ICR, 0x4611, 1);
    expect(made.apic(0).requests).toBe(ApicRequest.Init);
    made.apic(0).takeInit();
    expect([made.apic(0).requests, made.apic(0).waitsForStartUp]).toEqual([0, false]);
  });

  it('the de-assertion of INIT is ignored', () => {
    const made = ApicBench.enabled(2);
    made.write(bench.ICR_HIGH, 0x0100_0000);
    made.write(bench.ICR, 0x8500);
    expect(made.apic(1).requests).toBe(0);
  });
});

describe('IA32_APIC_BASE', () => {
  it('moves the page', () => {
    const made = new ApicBench();
    expect(made.apic().page).toBe(0xfee0_0000);
    expect(made.writeMsr(bench.APIC_BASE, 0x12_3456_7800n)).toBe(true);
    expect([made.apic().page, made.readMsr(bench.APIC_BASE)]).toEqual([0x12_3456_7000, 0x12_3456_7900n]);
  });

  it.each([
    ['reserved bits', 0xfee0_0801n],
    ['bit 9', 0xfee0_0a00n],
    ['an address of more bits', 0x100_fee0_0800n],
    ['x2APIC mode while disabled', 0xfee0_0400n],
  ])('refuses %s', (_what, value) => {
    const made = new ApicBench();
    expect(made.writeMsr(bench.APIC_BASE, value)).toBe(false);
    expect(made.readMsr(bench.APIC_BASE)).toBe(0xfee0_0900n);
  });

  it('goes through the modes as the manual draws them', () => {
    const made = new ApicBench();
    const [disabled, xapic, x2apic] = [0xfee0_0000, 0xfee0_0800, 0xfee0_0c00];
    expect(made.writeMsr(bench.APIC_BASE, x2apic)).toBe(true);
    expect(made.apic().page).toBeUndefined();
    expect(made.writeMsr(bench.APIC_BASE, xapic)).toBe(false);
    expect(made.writeMsr(bench.APIC_BASE, disabled)).toBe(true);
    expect(made.writeMsr(bench.APIC_BASE, x2apic)).toBe(false);
    expect(made.writeMsr(bench.APIC_BASE, xapic)).toBe(true);
    expect(made.apic().page).toBe(0xfee0_0000);
  });

  it('disabled, forgets its state, receives nothing, and passes INTR and NMI on', () => {
    const made = ApicBench.enabled();
    made.send(0x41);
    made.writeMsr(bench.APIC_BASE, 0xfee0_0000);
    expect([made.apic().requests, made.send(0x42), made.apic().page]).toEqual([0, false, undefined]);
    made.bus.connectExternal({ acknowledge: () => 0x28 });
    made.bus.setPin(0, true);
    expect(made.take()).toBe(0x28);
    made.bus.setPin(0, false);
    made.bus.setPin(1, true);
    expect(made.apic().requests).toBe(ApicRequest.Nmi);
    made.writeMsr(bench.APIC_BASE, 0xfee0_0800);
    expect([made.read(bench.SVR), made.bit(bench.IRR, 0x41)]).toEqual([0xff, false]);
  });

  it('has no x2APIC mode on models without it', () => {
    const made = new ApicBench(1, { x2apic: false, tscDeadline: false });
    expect(made.writeMsr(bench.APIC_BASE, 0xfee0_0c00)).toBe(false);
    expect([made.readMsr(bench.TSC_DEADLINE), made.writeMsr(bench.TSC_DEADLINE, 1)]).toEqual([undefined, false]);
    made.write(bench.LVT_TIMER, 0x4_0030);
    expect(made.read(bench.LVT_TIMER)).toBe(bench.MASKED | 0x30);
  });
});

describe('x2APIC mode', () => {
  function x2apic(vcpus = 1): ApicBench {
    const made = ApicBench.enabled(vcpus);
    for (let id = 0; id < vcpus; id++) made.toX2apic(id);
    return made;
  }

  /** By number of the MSR: whether it can be read, and written with 0. */
  const ACCESS: Readonly<Record<number, readonly [boolean, boolean]>> = {
    0x802: [true, false],
    0x803: [true, false],
    0x808: [true, true],
    0x80a: [true, false],
    0x80b: [false, true],
    0x80d: [true, false],
    0x80f: [true, true],
    ...Object.fromEntries(Array.from({ length: 24 }, (_, index) => [0x810 + index, [true, false] as const])),
    0x828: [true, true],
    0x830: [true, true],
    ...Object.fromEntries(Array.from({ length: 6 }, (_, index) => [0x832 + index, [true, true] as const])),
    0x838: [true, true],
    0x839: [true, false],
    0x83e: [true, true],
    0x83f: [false, true],
  };

  it('has the registers of the manual and no others', () => {
    for (let msr = 0x800; msr < 0x900; msr++) {
      const made = x2apic();
      const access = [made.readMsr(msr) !== undefined, made.writeMsr(msr, 0)];
      expect([msr.toString(16), ...access]).toEqual([msr.toString(16), ...(ACCESS[msr] ?? [false, false])]);
      expect(isApicMsr(msr)).toBe(true);
    }
    expect([0x7ff, 0x900, 0x10, bench.APIC_BASE].map(isApicMsr)).toEqual([false, false, false, true]);
  });

  it.each<readonly [number, number]>([
    [0x808, 0xff],
    [0x80b, 0],
    [0x80f, 0x11ff],
    [0x828, 0],
    [0x830, 0xc_cfff],
    [0x832, 0x7_10ff],
    [0x833, 0x1_17ff],
    [0x834, 0x1_17ff],
    [0x835, 0x1_f7ff],
    [0x836, 0x1_f7ff],
    [0x837, 0x1_10ff],
    [0x838, 0xffff_ffff],
    [0x83e, 0xb],
    [0x83f, 0xff],
  ])('faults on reserved bits of %p', (msr, defined) => {
    for (let bit = 0; bit < 64; bit++) {
      const made = x2apic();
      const allowed = bit < 32 ? ((defined >>> bit) & 1) === 1 : msr === 0x830;
      expect([bit, made.writeMsr(msr, 1n << BigInt(bit))]).toEqual([bit, allowed]);
    }
  });

  it('in xAPIC mode its MSRs fault', () => {
    const made = ApicBench.enabled();
    expect([made.readMsr(0x802), made.writeMsr(0x80b, 0)]).toEqual([undefined, false]);
  });

  it('keeps the state of xAPIC mode, derives the logical ID, and has a 32-bit ID', () => {
    const made = ApicBench.enabled(19);
    made.write(bench.TPR, 0x20, 18);
    made.write(bench.LDR, 0x0100_0000, 18);
    made.toX2apic(18);
    expect([0x802, 0x808, 0x80d].map((msr) => made.readMsr(msr, 18))).toEqual([18n, 0x20n, 0x1_0004n]);
  });

  it('interrupts itself by SELF IPI', () => {
    const made = x2apic();
    made.writeMsr(0x83f, 0x55);
    expect(made.take()).toBe(0x55);
    made.writeMsr(0x83f, 0x05);
    made.writeMsr(0x828, 0);
    expect(made.readMsr(0x828)).toBe(0x20n);
  });

  it('sends commands by one write of 64 bits, to IDs and clusters', () => {
    const made = x2apic(20);
    made.writeMsr(0x830, (19n << 32n) | 0x41n);
    expect([made.readMsr(0x830), made.take(19)]).toEqual([(19n << 32n) | 0x41n, 0x41]);
    made.writeMsr(0x830, (0x0001_0005n << 32n) | 0x861n);
    const taken = Array.from({ length: 20 }, (_, id) => made.take(id));
    expect(taken.flatMap((vector, id) => (vector === 0x61 ? [id] : []))).toEqual([16, 18]);
    made.writeMsr(0x830, (0xffff_ffffn << 32n) | 0x71n);
    expect(Array.from({ length: 20 }, (_, id) => made.take(id))).toEqual(new Array(20).fill(0x71));
  });
});
