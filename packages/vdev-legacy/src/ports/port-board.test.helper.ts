import type { Board } from '@qvm/core/board';

/** A board of a machine with I/O ports and no places: the testing kit chooses them. */
export const portBoard: Board = {
  name: 'ports',
  description: 'I/O ports',
  architecture: 'x86_64',
  ram: { base: 0 },
  places: {},
  implicitVdevs: [],
  ioPorts: true,
  interrupts: { first: 0, last: 23 },
  deviceTree: { compatible: 'test,ports', model: 'ports' },
};

/** The places of a PC's devices. */
export const pcBoard: Board = {
  ...portBoard,
  places: {
    uart: { port: 0x3f8, interrupt: 4 },
    pit: { port: { counters: 0x40, control: 0x61 }, interrupt: 0 },
    rtc: { port: 0x70, interrupt: 8 },
    hpet: { base: 0xfed0_0000, interrupt: 20 },
    ps2: { port: { data: 0x60, command: 0x64 }, interrupt: { keyboard: 1, mouse: 12 } },
    'acpi-pm': { port: { registers: 0x600, smi: 0xb2 }, interrupt: 9 },
    'pc-reset': { port: { control: 0x92 } },
    'debug-port': { port: { bochs: 0xe9, firmware: 0x402, post: 0x80 } },
  },
};
