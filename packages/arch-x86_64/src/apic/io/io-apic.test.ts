import { createVdev, describeVdevContract, ManualClock } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import { ApicBus } from '../apic-bus.js';
import * as lapic from '../bench.test.helper.js';
import { ApicBench } from '../bench.test.helper.js';
import { attachBus, PC } from '../board.test.helper.js';
import { ApicRequest } from '../vcpu.js';
import type { IoApic } from './device.js';
import { ioapic } from './type.js';

const NONE = -1;
const MASKED = 0x1_0000;
const LEVEL = 0x8000;
const REMOTE_IRR = 0x4000;
const LOGICAL = 0x800;

/** An I/O APIC with local APICs that are enabled. */
class Bench {
  readonly local: ApicBench;
  readonly harness: VdevHarness;

  constructor(vcpus = 1) {
    this.local = ApicBench.enabled(vcpus);
    this.harness = createVdev(ioapic, {
      context: { board: PC },
      prepare: (context) => attachBus(context, this.local.bus),
    });
  }

  read(index: number): number {
    this.harness.write(0x00, index);
    return this.harness.read(0x10);
  }

  write(index: number, value: number): void {
    this.harness.write(0x00, index);
    this.harness.write(0x10, value >>> 0);
  }

  entry(input: number, low: number, destination = 0): void {
    this.write(0x11 + input * 2, destination << 24);
    this.write(0x10 + input * 2, low);
  }

  line(input: number, level: boolean): void {
    (this.harness.vdev as IoApic).inputChanged(input, undefined, level);
  }

  pulse(input: number): void {
    this.line(input, true);
    this.line(input, false);
  }

  remoteIrr(input: number): boolean {
    return (this.read(0x10 + input * 2) & REMOTE_IRR) !== 0;
  }

  /** Takes the interrupt of a vCPU and ends it; -1 when there is none. */
  service(id = 0): number {
    const vector = this.local.take(id);
    if (vector >= 0) this.local.write(lapic.EOI, 0, id);
    return vector;
  }
}

describeVdevContract(ioapic, {
  context: { board: PC },
  prepare: (context) => attachBus(context, new ApicBus(1, new ManualClock())),
  change: ({ write }) => {
    write(0, 0x10 + 2 * 5);
    write(0x10, 0xa041);
    write(0, 0x11 + 2 * 5);
    write(0x10, 0x0300_0000);
  },
});

describe('registers', () => {
  it('say 24 entries and version 20h; the ID can be written', () => {
    const made = new Bench();
    expect([made.read(1), made.read(0), made.read(2)]).toEqual([0x17_0020, 0, 0]);
    made.write(0, 0xffff_ffff);
    made.write(1, 0);
    expect([made.read(0), made.read(1), made.read(2)]).toEqual([0x0f00_0000, 0x17_0020, 0x0f00_0000]);
  });

  it('entries are masked after reset and keep writable bits', () => {
    const made = new Bench();
    for (const index of [0x10, 0x3e]) expect([made.read(index), made.read(index + 1)]).toEqual([MASKED, 0]);
    made.write(0x10, 0xffff_ffff);
    made.write(0x11, 0xffff_ffff);
    expect([made.read(0x10), made.read(0x11)]).toEqual([0x1_afff, 0xff00_0000]);
  });

  it('indices without a register read as 0 and ignore writes', () => {
    const made = new Bench();
    for (const index of [3, 0x0f, 0x40, 0xff]) {
      made.write(index, 0xffff_ffff);
      expect(made.read(index)).toBe(0);
    }
    expect([made.harness.read(0x20), made.harness.read(0x40), made.harness.read(0x44)]).toEqual([0, 0, 0]);
  });

  it('accesses of other widths read the bytes that they address; the window is written in words only', () => {
    const made = new Bench();
    made.harness.write(0, 1, 1);
    expect([made.harness.read(0, 1), made.harness.read(0x10, 1), made.harness.read(0x12, 2)]).toEqual([1, 0x20, 0x17]);
    expect([made.harness.read(0x13, 2), made.harness.read(0x14, 4)]).toEqual([0, 0]);
    made.harness.write(0, 0);
    made.harness.write(0x10, 0xff, 1);
    made.harness.write(0x12, 0xffff, 2);
    expect(made.read(0)).toBe(0);
  });
});

describe('edges', () => {
  it('send once for each rising edge', () => {
    const made = new Bench();
    made.entry(4, 0x41);
    made.line(4, true);
    expect([made.service(), made.service()]).toEqual([0x41, NONE]);
    made.line(4, true);
    expect(made.service()).toBe(NONE);
    made.line(4, false);
    made.line(4, true);
    expect([made.service(), made.remoteIrr(4)]).toEqual([0x41, false]);
  });

  it('are lost while masked', () => {
    const made = new Bench();
    made.entry(4, MASKED | 0x41);
    made.pulse(4);
    made.line(4, true);
    made.entry(4, 0x41);
    expect(made.service()).toBe(NONE);
  });

  it('are edges whatever the polarity', () => {
    const made = new Bench();
    made.entry(4, 0x2041);
    expect(made.service()).toBe(NONE);
    made.pulse(4);
    expect(made.service()).toBe(0x41);
  });
});

describe('levels', () => {
  it('interrupt until they are released, once for each end', () => {
    const made = new Bench();
    made.entry(9, LEVEL | 0x51);
    made.line(9, true);
    expect([made.remoteIrr(9), made.local.bit(lapic.TMR, 0x51)]).toEqual([true, true]);
    expect(made.local.take()).toBe(0x51);
    expect(made.local.take()).toBe(NONE);
    made.local.write(lapic.EOI, 0);
    expect([made.remoteIrr(9), made.local.take()]).toEqual([true, 0x51]);
    made.line(9, false);
    made.local.write(lapic.EOI, 0);
    expect([made.remoteIrr(9), made.local.take()]).toEqual([false, NONE]);
  });

  it('a falling line takes back nothing that was sent', () => {
    const made = new Bench();
    made.entry(9, LEVEL | 0x51);
    made.pulse(9);
    expect([made.service(), made.remoteIrr(9), made.service()]).toEqual([0x51, false, NONE]);
  });

  it('are not lost while masked', () => {
    const made = new Bench();
    made.entry(9, MASKED | LEVEL | 0x51);
    made.line(9, true);
    expect([made.service(), made.remoteIrr(9)]).toEqual([NONE, false]);
    made.entry(9, LEVEL | 0x51);
    expect(made.local.take()).toBe(0x51);
  });

  it('masked in service, they come again after the end and the unmasking', () => {
    const made = new Bench();
    made.entry(9, LEVEL | 0x51);
    made.line(9, true);
    made.local.take();
    made.entry(9, MASKED | LEVEL | 0x51);
    expect(made.remoteIrr(9)).toBe(true);
    made.local.write(lapic.EOI, 0);
    expect([made.remoteIrr(9), made.local.take()]).toEqual([false, NONE]);
    made.entry(9, LEVEL | 0x51);
    expect(made.local.take()).toBe(0x51);
  });

  it('inputs that share a vector end together', () => {
    const made = new Bench();
    for (const input of [9, 10]) made.entry(input, LEVEL | 0x51);
    made.line(9, true);
    made.line(10, true);
    made.local.take();
    made.line(9, false);
    made.local.write(lapic.EOI, 0);
    expect([made.remoteIrr(9), made.remoteIrr(10), made.local.take()]).toEqual([false, true, 0x51]);
  });

  it('a write of the entry does not clear the remote IRR, but edge-triggering does', () => {
    const made = new Bench();
    made.entry(9, LEVEL | 0x51);
    made.line(9, true);
    made.local.take();
    made.entry(9, LEVEL | 0x52);
    expect(made.remoteIrr(9)).toBe(true);
    made.line(9, false);
    made.entry(9, MASKED | 0x51);
    expect(made.remoteIrr(9)).toBe(false);
  });

  it('end by the EOI register, too, when the broadcast is suppressed', () => {
    const made = new Bench();
    made.local.write(lapic.SVR, 0x11ff);
    made.entry(9, LEVEL | 0x51);
    made.line(9, true);
    expect(made.service()).toBe(0x51);
    expect(made.remoteIrr(9)).toBe(true);
    made.line(9, false);
    made.harness.write(0x40, 0x50);
    expect(made.remoteIrr(9)).toBe(true);
    made.harness.write(0x40, 0x51);
    expect(made.remoteIrr(9)).toBe(false);
  });

  it('an interrupt that no local APIC accepts is not waited for', () => {
    const made = new Bench();
    made.entry(9, LEVEL | 0x51, 7);
    made.line(9, true);
    expect(made.remoteIrr(9)).toBe(false);
    made.entry(9, LEVEL | 0x51, 0);
    expect([made.remoteIrr(9), made.service()]).toEqual([true, 0x51]);
    made.entry(10, LEVEL | 0x0f);
    made.line(10, true);
    expect([made.remoteIrr(10), made.local.errors()]).toEqual([false, 0x40]);
  });
});

describe('destinations and modes', () => {
  it('an APIC ID, all, and a logical destination', () => {
    const made = new Bench(3);
    for (let id = 0; id < 3; id++) made.local.write(lapic.LDR, 1 << (24 + id), id);
    const takers = (): number[] => [0, 1, 2].filter((id) => made.service(id) >= 0);
    made.entry(1, 0x41, 2);
    made.pulse(1);
    expect(takers()).toEqual([2]);
    made.entry(1, 0x41, 0xff);
    made.pulse(1);
    expect(takers()).toEqual([0, 1, 2]);
    made.entry(1, LOGICAL | 0x41, 5);
    made.pulse(1);
    expect(takers()).toEqual([0, 2]);
    made.entry(1, LOGICAL | 0x141, 6);
    made.pulse(1);
    expect(takers()).toEqual([1]);
  });

  it('NMI, INIT and ExtINT are edges, even programmed as levels', () => {
    const made = new Bench();
    made.local.bus.connectExternal({ acknowledge: () => 0x28 });
    for (const mode of [4, 5, 7]) made.entry(mode, LEVEL | (mode << 8));
    for (const mode of [4, 5, 7]) made.line(mode, true);
    expect(made.local.apic().requests).toBe(ApicRequest.Nmi | ApicRequest.Init | ApicRequest.Interrupt);
    expect([made.local.take(), made.local.take()]).toEqual([0x28, NONE]);
    expect([4, 5, 7].map((input) => made.remoteIrr(input))).toEqual([false, false, false]);
  });

  it('SMI and the reserved modes do nothing', () => {
    const made = new Bench();
    for (const mode of [2, 3, 6]) made.entry(8 + mode, mode << 8);
    for (const mode of [2, 3, 6]) made.pulse(8 + mode);
    expect(made.local.apic().requests).toBe(0);
  });

  it('the interrupt of the timer arrives at input 2, and nothing else does', () => {
    const made = new Bench();
    made.entry(0, 0x40);
    made.entry(2, 0x42);
    made.pulse(2);
    expect(made.service()).toBe(NONE);
    made.pulse(0);
    expect([made.service(), made.service()]).toEqual([0x42, NONE]);
  });

  it('inputs that do not exist, and private ones, have no effect', () => {
    const made = new Bench();
    made.entry(2, 0x41);
    const controller = made.harness.vdev as IoApic;
    controller.inputChanged(24, undefined, true);
    controller.inputChanged(32, undefined, true);
    controller.inputChanged(0, 0, true);
    expect(made.service()).toBe(NONE);
  });
});

describe('ACPI', () => {
  it('has the I/O APIC and the input of the timer', () => {
    expect((new Bench().harness.vdev as IoApic).acpi()).toEqual([
      { kind: 'io-apic', id: 0, address: 0xfec0_0000, firstInterrupt: 0 },
      { kind: 'interrupt-override', isa: 0, interrupt: 2 },
    ]);
  });
});

describe('saved states', () => {
  it('keep the levels: no new edge, and a level goes on', () => {
    const from = new Bench();
    from.entry(4, 0x41);
    from.line(4, true);
    from.entry(9, LEVEL | 0x51);
    from.line(9, true);
    const to = new Bench();
    to.harness.vdev.restore(from.harness.vdev.save());
    expect([to.service(), to.remoteIrr(9)]).toEqual([NONE, true]);
    to.line(4, true);
    expect(to.service()).toBe(NONE);
    to.harness.write(0x40, 0x51);
    expect(to.service()).toBe(0x51);
    expect(to.harness.vdev.status()).toMatchObject({
      inputs: { 9: { vector: 0x51, trigger: 'level', asserted: true } },
    });
  });
});
