import { createVdev, describeVdevContract, ManualClock } from '@qvm/testing';
import { ApicBus } from '../apic-bus.js';
import { attachBus, FIRST_ACPI, PC } from '../board.test.helper.js';
import type { Pic } from './device.js';
import { PicBench } from './pic-bench.test.helper.js';
import { pic } from './type.js';

const NONE = -1;

describeVdevContract(pic, {
  context: { board: PC },
  prepare: (context) => attachBus(context, new ApicBus(1, new ManualClock())),
  change: ({ write }) => {
    for (const value of [0x11, 0x20]) write(value === 0x11 ? 0 : 1, value, 1, 'master');
    write(0, 0x11, 1, 'slave');
    write(0, 0xff, 1, 'elcr');
  },
});

describe('the vdev', () => {
  it('drives LINT0 of the local APIC and gives the vector', () => {
    let bus: ApicBus | undefined;
    const harness = createVdev(pic, {
      context: { board: PC },
      prepare: (context) => attachBus(context, (bus = new ApicBus(1, context.clock))),
    });
    const apic = bus?.apics[0];
    apic?.startVirtualWire();
    for (const value of [0x30, 4, 1]) {
      if (value === 0x30) harness.write(0, 0x11, 1, 'master');
      harness.write(1, value, 1, 'master');
    }
    (harness.vdev as Pic).inputChanged(1, undefined, true);
    expect([apic?.requests, apic?.acknowledge(), apic?.requests]).toEqual([1, 0x31, 0]);
    expect(harness.vdev.status()).toMatchObject({ acknowledged: [{ interrupt: 1, count: 1 }] });
  });
});

describe('ACPI', () => {
  it('has a device with the ports', () => {
    const harness = createVdev(pic, {
      context: { board: PC },
      prepare: (context) => attachBus(context, new ApicBus(1, context.clock)),
    });
    const resources = [0x20, 0xa0, 0x4d0].map((base) => ({ kind: 'io', base, size: 2 }));
    const values = { _HID: { eisaId: 'PNP0000' }, _UID: 0, _CRS: { resources } };
    expect((harness.vdev as Pic).acpi(FIRST_ACPI)).toEqual([{ kind: 'device', device: { name: 'PIC0', values } }]);
  });
});

describe('initialization', () => {
  it('takes the words in order, and sets masks, vectors and modes', () => {
    const made = new PicBench();
    expect([made.in(0x21), made.in(0xa1)]).toEqual([0xff, 0xff]);
    made.out(0x20, 0x11);
    made.out(0x21, 0x37);
    made.out(0x21, 0x04);
    made.out(0x21, 0x01);
    expect(made.in(0x21)).toBe(0);
    made.out(0x21, 0xfb);
    expect(made.in(0x21)).toBe(0xfb);
    made.out(0x21, 0);
    made.pulse(3);
    expect(made.take()).toBe(0x33);
  });

  it('leaves out ICW3 of a single one, and ICW4 where it is not needed', () => {
    const made = new PicBench();
    made.out(0x20, 0x12);
    made.out(0x21, 0x40);
    made.out(0x21, 0xf0);
    expect(made.in(0x21)).toBe(0xf0);
    made.out(0x20, 0x10);
    made.out(0x21, 0x40);
    made.out(0x21, 0x04);
    made.out(0x21, 0x0f);
    expect(made.in(0x21)).toBe(0x0f);
  });

  it('forgets requests, services and modes; an input must rise again', () => {
    const made = PicBench.initialized(3);
    made.out(0x20, 0x68);
    made.out(0x20, 0x0b);
    made.line(4, true);
    made.pulse(5);
    made.initialize(0x20, 0x08, 4, 1);
    expect([made.in(0x20), made.registers(0x20), made.intr]).toEqual([0, { irr: 0, isr: 0, mask: 0 }, false]);
    made.line(4, false);
    made.line(4, true);
    expect([made.take(), made.registers(0x20).isr]).toEqual([0x0c, 0x10]);
  });
});

describe('the fully nested order', () => {
  it('an interrupt is requested, taken and ended', () => {
    const made = PicBench.initialized();
    made.line(4, true);
    expect([made.intr, made.registers(0x20)]).toEqual([true, { irr: 0x10, isr: 0, mask: 0 }]);
    expect(made.take()).toBe(0x0c);
    expect([made.intr, made.registers(0x20)]).toEqual([false, { irr: 0, isr: 0x10, mask: 0 }]);
    made.end();
    expect(made.registers(0x20)).toEqual({ irr: 0, isr: 0, mask: 0 });
    expect(made.take()).toBe(NONE);
  });

  it('a higher input interrupts a service, a lower or the same waits', () => {
    const made = PicBench.initialized();
    made.pulse(4);
    made.take();
    made.pulse(4);
    made.pulse(5);
    expect(made.take()).toBe(NONE);
    made.pulse(0);
    expect(made.take()).toBe(0x08);
    made.end();
    expect(made.take()).toBe(NONE);
    made.end();
    expect(made.take()).toBe(0x0c);
    made.end();
    expect(made.take()).toBe(0x0d);
  });

  it('the second 8259A stands between inputs 1 and 3, and needs two ends', () => {
    const made = PicBench.initialized();
    for (const interrupt of [3, 15, 9, 1]) made.pulse(interrupt);
    expect(made.take()).toBe(0x09);
    made.end();
    expect(made.take()).toBe(0x71);
    expect([made.registers(0x20).isr, made.registers(0xa0).isr]).toEqual([0x04, 0x02]);
    made.out(0xa0, 0x20);
    expect(made.take()).toBe(NONE);
    made.out(0x20, 0x20);
    expect(made.take()).toBe(0x77);
    made.end(0xa0);
    expect(made.take()).toBe(0x0b);
  });

  it('the mask holds requests back, and unmasking lets them go', () => {
    const made = PicBench.initialized();
    made.out(0x21, 0x10);
    made.pulse(4);
    expect([made.intr, made.registers(0x20).irr]).toEqual([false, 0x10]);
    made.out(0x21, 0);
    expect(made.take()).toBe(0x0c);
  });

  it('no device reaches the input of the cascade', () => {
    const made = PicBench.initialized();
    made.line(2, true);
    expect([made.intr, made.registers(0x20).irr]).toEqual([false, 0]);
  });
});

describe('triggers', () => {
  it('an edge is remembered until it is acknowledged, and comes once', () => {
    const made = PicBench.initialized();
    made.line(4, true);
    made.take();
    made.end();
    expect(made.take()).toBe(NONE);
    made.line(4, false);
    made.line(4, true);
    made.line(4, false);
    expect(made.take()).toBe(0x0c);
  });

  it('a level asks as long as it is high', () => {
    const made = PicBench.initialized();
    made.out(0x4d0, 0x20);
    made.line(5, true);
    expect([made.take(), made.registers(0x20).irr]).toEqual([0x0d, 0x20]);
    made.end();
    expect(made.take()).toBe(0x0d);
    made.line(5, false);
    made.end();
    expect(made.take()).toBe(NONE);
  });

  it('a level that falls before it is acknowledged gives the spurious vector, without a service', () => {
    const made = PicBench.initialized();
    made.out(0x4d0, 0x20);
    made.line(5, true);
    made.line(5, false);
    expect([made.intr, made.pair.acknowledge(), made.registers(0x20).isr]).toEqual([false, 0x0f, 0]);
  });

  it('a level of the second that falls gives its spurious vector, and only the first has a service', () => {
    const made = PicBench.initialized();
    made.out(0x4d1, 0x08);
    made.line(11, true);
    made.line(11, false);
    expect([made.take(), made.registers(0x20).isr, made.registers(0xa0).isr]).toEqual([0x77, 0x04, 0]);
  });

  it('timer, keyboard, cascade, clock and FPU are always edge-triggered', () => {
    const made = PicBench.initialized();
    made.out(0x4d0, 0xff);
    made.out(0x4d1, 0xff);
    expect([made.in(0x4d0), made.in(0x4d1)]).toEqual([0xf8, 0xde]);
    expect(made.pair.ports.elcr.read(0, 2)).toBe(0xdef8);
  });
});

describe('ends of interrupts', () => {
  it('a specific one ends that input', () => {
    const made = PicBench.initialized();
    for (const interrupt of [6, 3]) {
      made.pulse(interrupt);
      made.take();
    }
    made.out(0x20, 0x66);
    expect(made.registers(0x20).isr).toBe(0x08);
  });

  it('rotation puts the input that ended last in the order', () => {
    const made = PicBench.initialized();
    made.pulse(4);
    made.take();
    made.out(0x20, 0xa0);
    for (const interrupt of [4, 3, 5]) made.pulse(interrupt);
    expect(made.take()).toBe(0x0d);
    made.end();
    expect(made.take()).toBe(0x0b);
    made.out(0x20, 0xe3);
    expect(made.take()).toBe(0x0c);
  });

  it('the order can be set without an end', () => {
    const made = PicBench.initialized();
    made.out(0x20, 0xc0 | 5);
    for (const interrupt of [0, 6, 5]) made.pulse(interrupt);
    expect(made.take()).toBe(0x0e);
  });

  it('rotation without a service changes nothing', () => {
    const made = PicBench.initialized();
    made.out(0x20, 0xa0);
    made.pulse(7);
    made.pulse(0);
    expect(made.take()).toBe(0x08);
  });

  it('automatic ends leave nothing in service, also when one request follows another', () => {
    const made = PicBench.initialized(3);
    for (const interrupt of [4, 9, 10, 6]) made.pulse(interrupt);
    expect([made.take(), made.registers(0x20).isr, made.registers(0xa0).isr]).toEqual([0x71, 0, 0]);
    expect([made.take(), made.take(), made.take(), made.take()]).toEqual([0x72, 0x0c, 0x0e, NONE]);
  });

  it('automatic ends can rotate', () => {
    const made = PicBench.initialized(3);
    made.out(0x20, 0x80);
    made.pulse(1);
    made.take();
    made.pulse(0);
    made.pulse(5);
    expect([made.take(), made.take()]).toEqual([0x0d, 0x08]);
    made.out(0x20, 0x00);
    made.pulse(7);
    made.take();
    made.pulse(6);
    made.pulse(3);
    expect(made.take()).toBe(0x0b);
  });
});

describe('modes', () => {
  it('special mask mode lets all unmasked inputs through, and its ends skip masked ones', () => {
    const made = PicBench.initialized();
    made.pulse(3);
    made.take();
    made.out(0x21, 0x08);
    made.out(0x20, 0x68);
    made.pulse(6);
    made.pulse(3);
    expect(made.take()).toBe(0x0e);
    made.out(0x20, 0x20);
    expect(made.registers(0x20).isr).toBe(0x08);
    made.out(0x20, 0x20);
    expect(made.registers(0x20).isr).toBe(0x08);
    made.out(0x20, 0x48);
    made.out(0x20, 0x20);
    expect(made.registers(0x20).isr).toBe(0);
  });

  it('special fully nested mode lets the second interrupt its own service', () => {
    const nested = PicBench.initialized(0x11, 1);
    nested.pulse(12);
    nested.take();
    nested.pulse(9);
    nested.pulse(5);
    expect([nested.take(), nested.take()]).toEqual([0x71, NONE]);
    const plain = PicBench.initialized();
    plain.pulse(12);
    plain.take();
    plain.pulse(9);
    expect(plain.take()).toBe(NONE);
  });

  it('a poll acknowledges with the next read', () => {
    const made = PicBench.initialized();
    made.pulse(4);
    made.out(0x20, 0x0c);
    expect([made.in(0x20), made.in(0x20), made.registers(0x20).isr, made.intr]).toEqual([0x84, 0, 0x10, false]);
    made.out(0x20, 0x0c);
    expect(made.in(0x20)).toBe(0);
    made.pulse(8);
    made.out(0x20, 0x0c);
    made.out(0xa0, 0x0c);
    expect([made.in(0x20), made.in(0xa1)]).toEqual([0x82, 0x80]);
  });

  it('reads keep the register that was selected', () => {
    const made = PicBench.initialized();
    made.pulse(4);
    made.take();
    made.pulse(6);
    made.out(0x20, 0x0b);
    expect([made.in(0x20), made.in(0x20)]).toEqual([0x10, 0x10]);
    made.out(0x20, 0x08);
    expect(made.in(0x20)).toBe(0x10);
    made.out(0x20, 0x0a);
    expect(made.in(0x20)).toBe(0x40);
  });
});

describe("Linux's probe", () => {
  it('finds that the mask of the first keeps what was written', () => {
    const made = new PicBench();
    made.out(0xa1, 0xff);
    made.out(0x21, 0xfb);
    expect(made.in(0x21)).toBe(0xfb);
  });
});
