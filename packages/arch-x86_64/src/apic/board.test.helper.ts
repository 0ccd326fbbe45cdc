import type { Board } from '@qvm/core/board';

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
