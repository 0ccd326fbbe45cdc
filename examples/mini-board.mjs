// A board of one's own: RAM at 2 GiB, an interrupt controller, a serial port, and a row of places for anything else.
//   qvm start vm.qvmconf --plugin ./examples/mini-board.mjs     with "board": "mini" in the configuration
import { BOARD, PLUGIN_API_VERSION, provide } from '@qvm/core';

/** @type {import('@qvm/core/board').Board} */
export const mini = {
  name: 'mini',
  description: 'A small AArch64 board',
  architecture: 'aarch64',
  ram: { base: 0x8000_0000 },
  places: {
    // By the role that the `gic` asks for; it has two ranges of registers.
    'interrupt-controller': { base: { distributor: 0x0800_0000, redistributors: 0x080a_0000 } },
    // By type: a pl011 is here, another UART needs an address in the configuration.
    pl011: { base: 0x0900_0000, interrupt: 40 },
    // Eight places, 4 KiB and one interrupt each. VirtIO devices get the first ones that are free.
    'virtio-mmio': { base: 0x1000_0000, interrupt: 48, row: { count: 8, addressStride: 0x1000, interruptStride: 1 } },
  },
  // The processor needs these two. Others (`pl031`, `pl061`) are only there when a configuration names them.
  implicitVdevs: ['gic', 'timer'],
  defaultConsole: 'pl011',
  interrupts: { first: 32, last: 95 },
  // Nothing is placed here, RAM neither.
  reserved: [{ name: 'boot ROM', base: 0, size: 0x1_0000 }],
  deviceTree: { compatible: 'acme,mini', model: 'Acme Mini' },
};

export const plugin = {
  name: '@acme/mini-board',
  apiVersion: PLUGIN_API_VERSION,
  provides: [provide({ token: BOARD, scope: 'host', multi: true, factory: () => mini })],
};
