import { INTERRUPT_WIRING, InterruptBus } from '@qvm/core/architecture';
import type { Board } from '@qvm/core/board';
import { createVmHooks } from '@qvm/core/host';
import type { AcpiContext } from '@qvm/core/vdev';
import type { FakeVdevContext } from '@qvm/testing';
import { APIC_BUS } from './apic-bus.js';
import type { ApicBus } from './apic-bus.js';

/** Where a PC has its interrupt controllers. */
export const PC: Board = {
  name: 'pc',
  description: 'Interrupt controllers of a PC',
  architecture: 'x86_64',
  ioPorts: true,
  ram: { base: 0 },
  places: {
    'local-apic': { base: 0xfee0_0000 },
    ioapic: { base: 0xfec0_0000 },
    pic: { port: { master: 0x20, slave: 0xa0, elcr: 0x4d0 } },
  },
  implicitVdevs: ['apic', 'ioapic', 'pic'],
  interrupts: { first: 0, last: 23 },
  deviceTree: { compatible: 'test,pc', model: 'test,pc' },
};

/** Gives a vdev the bus of local APICs and interrupt lines; returns the lines. */
export function attachBus(context: FakeVdevContext, bus: ApicBus): InterruptBus {
  const wiring = new InterruptBus(bus.apics.length, createVmHooks('test'));
  context.attach(APIC_BUS, bus);
  context.attach(INTERRUPT_WIRING, wiring);
  return wiring;
}

/** A context of ACPI tables in which each name and identifier is the first. */
export const FIRST_ACPI: AcpiContext = {
  deviceName: (prefix) => `${prefix}0`,
  uid: () => 0,
  interrupt: (number, trigger) => ({ kind: 'interrupt', number, trigger }),
};
