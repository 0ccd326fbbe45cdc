import { INTERRUPT_WIRING, InterruptBus } from '@qvm/core/architecture';
import { createVmHooks } from '@qvm/core/host';
import { createVdev } from '@qvm/testing';
import { APIC_BUS } from './apic-bus.js';
import { ApicBench } from './bench.test.helper.js';
import { PC } from './board.test.helper.js';
import { apic } from './local/type.js';
import { ioapic } from './io/type.js';
import { pic } from './pic/type.js';

/** The interrupt controllers of a PC on the lines of one VM, with local APICs that are enabled. */
function machine() {
  const local = ApicBench.enabled(1);
  const wiring = new InterruptBus(1, createVmHooks('test'));
  const made = [pic, ioapic, apic].map((factory) =>
    createVdev(factory, {
      context: { board: PC },
      prepare: (context) => {
        context.attach(APIC_BUS, local.bus);
        context.attach(INTERRUPT_WIRING, wiring);
      },
    }),
  );
  return { local, wiring, pair: made[0], io: made[1] };
}

describe('interrupt lines of a PC', () => {
  it('below 16 lead to the 8259A pair and to the I/O APIC, the others to the I/O APIC alone', () => {
    const { local, wiring, pair, io } = machine();
    for (const value of [0x11, 0x20, 4, 1]) pair?.write(value === 0x11 ? 0 : 1, value, 1, 'master');
    pair?.write(1, 0, 1, 'master');
    for (const [input, vector] of [
      [4, 0x44],
      [20, 0x54],
    ] as const) {
      io?.write(0x00, 0x10 + 2 * input);
      io?.write(0x10, vector);
    }
    wiring.line(4, 'serial').assert();
    const requests = (): unknown => (pair?.vdev.status()['master'] as { requests: number }).requests;
    expect([local.take(0), requests()]).toEqual([0x44, 1 << 4]);
    wiring.line(20, 'disk').assert();
    expect([local.take(0), requests()]).toEqual([0x54, 1 << 4]);
    wiring.line(5, 'other');
    expect(wiring.statistics().map(({ number, source, state }) => [number, source, state])).toEqual([
      [4, 'serial', '8259A vector 0x24, pending; I/O APIC vector 0x44, edge'],
      [20, 'disk', 'I/O APIC vector 0x54, edge'],
      [5, 'other', '8259A vector 0x25; I/O APIC masked'],
      [0x44, 'vector', 'in service'],
      [0x54, 'vector', 'in service'],
    ]);
  });

  it('have messages beside them, which local APICs take', () => {
    const { local, wiring } = machine();
    const nic = wiring.messages('nic');
    nic.message(0xfee0_0000, 0x61);
    nic.message(0xfed0_0000, 0x62);
    expect([local.take(0), local.take(0)]).toEqual([0x61, -1]);
  });
});
