import * as bench from './bench.test.helper.js';
import { ApicBench } from './bench.test.helper.js';
import { ApicRequest } from './vcpu.js';

const NONE = -1;
const [NMI, LOWEST, SHORT_SELF, SHORT_ALL, SHORT_OTHERS] = [0x400, 0x100, 0x4_0000, 0x8_0000, 0xc_0000];

/** The vCPUs that have an interrupt, which they take and end. */
function takers(made: ApicBench): number[] {
  return made.vcpus.flatMap((_, id) => {
    if (made.take(id) < 0) return [];
    made.apic(id).endOfInterrupt();
    return [id];
  });
}

/** Logical IDs of all local APICs, by index. */
function logical(vcpus: number, ids: readonly number[], model = 0xf): ApicBench {
  const made = ApicBench.enabled(vcpus);
  ids.forEach((id, index) => {
    made.write(bench.LDR, id << 24, index);
    made.write(bench.DFR, (model << 28) >>> 0, index);
  });
  return made;
}

function command(made: ApicBench, low: number, destination = 0, id = 0): void {
  made.write(bench.ICR_HIGH, destination << 24, id);
  made.write(bench.ICR, low, id);
}

describe('commands', () => {
  it('go to one APIC ID, and are edge-triggered', () => {
    const made = ApicBench.enabled(3);
    command(made, 0x8041, 2);
    expect([made.bit(bench.TMR, 0x41, 2), takers(made)]).toEqual([false, [2]]);
    expect([made.read(bench.ICR), made.read(bench.ICR_HIGH)]).toEqual([0x8041, 0x0200_0000]);
    command(made, 0x41, 3);
    expect(takers(made)).toEqual([]);
  });

  it.each([
    ['self', SHORT_SELF, [1]],
    ['all', SHORT_ALL, [0, 1, 2]],
    ['others', SHORT_OTHERS, [0, 2]],
  ])('go to the shorthand %s, whatever the destination', (_name, shorthand, expected) => {
    const made = ApicBench.enabled(3);
    command(made, shorthand | 0x0841, 0, 1);
    expect(takers(made)).toEqual(expected);
  });

  it('broadcast with the ID 0xff', () => {
    const made = ApicBench.enabled(3);
    command(made, 0x41, 0xff, 2);
    expect(takers(made)).toEqual([0, 1, 2]);
  });

  it('send NMIs; SMIs are ignored, and reserved modes', () => {
    const made = ApicBench.enabled(2);
    command(made, 0x4000 | NMI, 1);
    command(made, 0x4200, 1);
    command(made, 0x4300, 1);
    command(made, 0x4741, 1);
    expect(made.apic(1).requests).toBe(ApicRequest.Nmi);
  });

  it('with an illegal vector are an error of the sender alone', () => {
    const made = ApicBench.enabled(2);
    command(made, 0x0f, 1);
    command(made, LOWEST | 0x02, 1);
    expect([takers(made), made.errors(0), made.errors(1)]).toEqual([[], 0x20, 0]);
  });
});

describe('logical destinations', () => {
  it('select by bits in the flat model', () => {
    const made = logical(4, [1, 2, 4, 8]);
    command(made, 0x841, 0x0a);
    expect(takers(made)).toEqual([1, 3]);
    command(made, 0x841, 0xff);
    expect(takers(made)).toEqual([0, 1, 2, 3]);
    command(made, 0x841, 0x10);
    expect(takers(made)).toEqual([]);
  });

  it('select members of a cluster, or of all, in the cluster model', () => {
    const made = logical(4, [0x01, 0x02, 0x11, 0x12], 0);
    command(made, 0x841, 0x12);
    expect(takers(made)).toEqual([3]);
    command(made, 0x841, 0x03);
    expect(takers(made)).toEqual([0, 1]);
    command(made, 0x841, 0xf1);
    expect(takers(made)).toEqual([0, 2]);
    command(made, 0x841, 0xff);
    expect(takers(made)).toEqual([0, 1, 2, 3]);
  });

  it('select nothing in a reserved model', () => {
    const made = logical(2, [1, 2], 5);
    command(made, 0x841, 0xff);
    expect(takers(made)).toEqual([]);
  });

  it('of 8 bits reach the first cluster in x2APIC mode', () => {
    const made = ApicBench.enabled(20);
    for (let id = 0; id < 20; id++) made.toX2apic(id);
    made.bus.message(0xfee0_5004, 0x41);
    expect(takers(made)).toEqual([0, 2]);
    made.bus.message(0xfeef_f000, 0x41);
    expect(takers(made)).toHaveLength(20);
  });
});

describe('lowest priority', () => {
  it('the vCPU with the lowest processor priority gets it, among equals the first', () => {
    const made = ApicBench.enabled(3);
    command(made, SHORT_ALL | LOWEST | 0x41);
    expect(made.take(0)).toBe(0x41);
    command(made, SHORT_ALL | LOWEST | 0x42);
    expect(takers(made)).toEqual([1]);
    made.write(bench.TPR, 0x30, 1);
    made.write(bench.TPR, 0x50, 2);
    command(made, SHORT_ALL | LOWEST | 0x61);
    expect(takers(made)).toEqual([1]);
    made.write(bench.EOI, 0);
    command(made, SHORT_ALL | LOWEST | 0x61);
    expect(takers(made)).toEqual([0]);
    command(made, SHORT_OTHERS | LOWEST | 0x61, 0, 0);
    expect(takers(made)).toEqual([1]);
  });

  it('local APICs that software disabled do not take part', () => {
    const made = ApicBench.enabled(2);
    made.write(bench.SVR, 0xff, 0);
    command(made, SHORT_ALL | LOWEST | 0x41, 0, 1);
    expect(takers(made)).toEqual([1]);
  });
});

describe('message-signalled interrupts', () => {
  it('have destination, trigger and vector as the manual places them', () => {
    const made = ApicBench.enabled(2);
    expect(made.bus.message(0xfee0_1000, 0xc051)).toBe(true);
    expect([made.bit(bench.TMR, 0x51, 1), takers(made)]).toEqual([true, [1]]);
    expect(made.bus.message(0xfee0_1000, 0x0052)).toBe(true);
    expect(takers(made)).toEqual([1]);
  });

  it('go to one of several with the redirection hint', () => {
    const made = logical(3, [1, 2, 4]);
    made.write(bench.TPR, 0x20, 0);
    made.bus.message(0xfee0_700c, 0x41);
    expect(takers(made)).toEqual([1]);
    made.bus.message(0xfee0_7004, 0x41);
    expect(takers(made)).toEqual([0, 1, 2]);
  });

  it('to other addresses, withdrawn ones and start-ups are lost', () => {
    const made = ApicBench.enabled(1);
    const sent = [
      made.bus.message(0xfed0_0000, 0x41),
      made.bus.message(0x1_fee0_0000, 0x41),
      made.bus.message(0xfee0_0000, 0x8041),
      made.bus.message(0xfee0_0000, 0x0641),
      made.bus.message(0xfee0_0000, 0x0341),
    ];
    expect([sent, made.apic().requests]).toEqual([[false, false, false, false, false], 0]);
  });

  it('deliver the vector of the 8259A pair by ExtINT, spurious without one', () => {
    const made = ApicBench.enabled(1);
    made.bus.message(0xfee0_0000, 0x700);
    expect(made.take()).toBe(0xff);
    made.bus.connectExternal({ acknowledge: () => 0x37 });
    made.bus.message(0xfee0_0000, 0x700);
    expect([made.take(), made.take()]).toEqual([0x37, NONE]);
  });
});

describe('pins', () => {
  it('LINT0 passes the 8259A pair on while it is high, above all priorities', () => {
    const made = ApicBench.enabled(1);
    made.bus.connectExternal({ acknowledge: () => 0x37 });
    made.bus.setPin(0, true);
    expect(made.take()).toBe(NONE);
    made.write(bench.LVT_LINT0, 0x700);
    made.write(bench.TPR, 0xff);
    expect([made.take(), made.take()]).toEqual([0x37, 0x37]);
    made.bus.setPin(0, false);
    expect([made.take(), made.bit(bench.ISR, 0x37)]).toEqual([NONE, false]);
  });

  it('LINT1 is an NMI at its rising edge', () => {
    const made = ApicBench.enabled(2);
    made.write(bench.LVT_LINT1, NMI, 1);
    made.bus.setPin(1, true);
    expect([made.apic(0).requests, made.apic(1).requests]).toEqual([0, ApicRequest.Nmi]);
    made.apic(1).takeNmi();
    made.bus.setPin(1, true);
    expect(made.apic(1).requests).toBe(0);
  });

  it('a fixed interrupt of LINT0 is an edge or a level', () => {
    const made = ApicBench.enabled(1);
    made.write(bench.LVT_LINT0, 0x41);
    made.bus.setPin(0, true);
    expect([made.take(), made.take()]).toEqual([0x41, NONE]);
    made.write(bench.EOI, 0);
    made.write(bench.LVT_LINT0, 0x8041);
    expect(made.read(bench.LVT_LINT0)).toBe(0xc041);
    expect(made.take()).toBe(0x41);
    made.write(bench.EOI, 0);
    expect(made.take()).toBe(0x41);
    made.bus.setPin(0, false);
    made.write(bench.EOI, 0);
    expect([made.take(), made.read(bench.LVT_LINT0)]).toEqual([NONE, 0x8041]);
  });

  it('virtual wire mode is as firmware leaves it', () => {
    const made = new ApicBench(1);
    made.apic().startVirtualWire();
    const registers = [bench.SVR, bench.LVT_LINT0, bench.LVT_LINT1].map((offset) => made.read(offset));
    expect(registers).toEqual([0x1ff, 0x700, 0x400]);
  });
});
