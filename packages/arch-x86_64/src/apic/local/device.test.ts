import { createVdev, describeVdevContract } from '@qvm/testing';
import { APIC_BUS, ApicBus } from '../apic-bus.js';
import * as bench from '../bench.test.helper.js';
import { attachBus, PC } from '../board.test.helper.js';
import { apic } from './type.js';

const VCPUS = 2;

function make(): { bus: ApicBus; harness: ReturnType<typeof createVdev> } {
  let bus: ApicBus | undefined;
  const harness = createVdev(apic, {
    context: { vcpus: VCPUS, board: PC },
    prepare: (context) => {
      bus = new ApicBus(VCPUS, context.clock);
      attachBus(context, bus);
    },
  });
  return { bus: bus as unknown as ApicBus, harness };
}

describeVdevContract(apic, {
  context: { vcpus: VCPUS, board: PC },
  prepare: (context) => {
    const bus = new ApicBus(VCPUS, context.clock);
    for (const local of bus.apics) local.connect({ kick: () => undefined, timeOfTsc: (count) => Number(count) });
    attachBus(context, bus);
  },
  change: ({ write, context }) => {
    write(bench.SVR, 0x1ff);
    write(bench.LVT_TIMER, 0x2_0030);
    write(bench.INITIAL_COUNT, 1000);
    write(bench.ICR, 0x4_0041);
    write(bench.TPR, 0x30);
    const bus = context.attachment(APIC_BUS);
    bus.apics[1]?.writeMsr(bench.APIC_BASE, 0xfee0_0c00, 0);
    bus.apics[1]?.writeMsr(0x80f, 0x1ff, 0);
    bus.apics[1]?.writeMsr(0x832, 0x4_0033, 0);
    bus.apics[1]?.writeMsr(bench.TSC_DEADLINE, 12_345, 6);
    bus.apics[1]?.receive(0x4500);
    bus.apics[1]?.receive(0x4612);
  },
});

describe('the page', () => {
  it('shows each vCPU its own registers', () => {
    const { bus, harness } = make();
    bus.running = 1;
    harness.write(bench.TPR, 0x40);
    expect([harness.read(bench.ID), harness.read(bench.TPR)]).toEqual([0x0100_0000, 0x40]);
    bus.running = 0;
    expect([harness.read(bench.ID), harness.read(bench.TPR)]).toEqual([0, 0]);
  });

  it('is empty for a vCPU whose registers are elsewhere', () => {
    const { bus, harness } = make();
    bus.apics[0]?.writeMsr(bench.APIC_BASE, 0x1000_0800, 0);
    harness.write(bench.TPR, 0x40);
    expect([harness.read(bench.TPR), harness.read(bench.TPR, 1)]).toEqual([0xffff_ffff, 0xff]);
    expect(bus.apics[0]?.cr8).toBe(0);
  });
});

describe('saved states', () => {
  it('go on where they were: timer, interrupts, requests, levels', () => {
    const from = make();
    from.harness.write(bench.SVR, 0x1ff);
    from.harness.write(bench.LVT_TIMER, 0x30);
    from.harness.write(bench.DCR, 0xb);
    from.harness.write(bench.INITIAL_COUNT, 1000);
    from.harness.context.clock.advance(600);
    from.harness.write(bench.ICR, 0x4_0041);
    from.bus.apics[0]?.acknowledge();
    const to = make();
    to.harness.vdev.restore(from.harness.vdev.save());
    expect(to.harness.read(bench.CURRENT_COUNT)).toBe(400);
    to.harness.context.clock.advance(399);
    expect(to.bus.apics[0]?.requests).toBe(0);
    to.harness.context.clock.advance(1);
    to.harness.write(bench.EOI, 0);
    expect(to.bus.apics[0]?.acknowledge()).toBe(0x30);
  });

  it('has a status that names modes, vectors and counts', () => {
    const { bus, harness } = make();
    harness.write(bench.SVR, 0x1ff);
    harness.write(bench.ICR, 0x4_0041);
    bus.apics[0]?.acknowledge();
    bus.apics[1]?.writeMsr(bench.APIC_BASE, 0xfee0_0c00, 0);
    const [first, second] = (harness.vdev.status() as { vcpus: Record<string, unknown>[] }).vcpus;
    expect(first).toMatchObject({
      mode: 'xapic',
      page: 0xfee0_0000,
      inService: [0x41],
      taken: [{ vector: 0x41, count: 1 }],
    });
    expect(second).toMatchObject({ mode: 'x2apic', id: 1, logicalId: 2 });
  });
});
