// A custom board: RAM at 2 GiB, an interrupt controller, a serial port, and a row of eight places for VirtIO devices.
//   qvm start vm.qvmconf --plugin ./examples/mini-board.mjs     with "board": "mini" in the configuration
import { BOARD, PLUGIN_API_VERSION, provide } from '@qvm/core';

/** @type {import('@qvm/core/board').Board} */
export const mini = {
  name: 'mini',
  description: 'A small AArch64 board',
  architecture: 'aarch64',
  ram: { base: 0x8000_0000 },
  places: {
    // The key is the role that the `gic` requests. The device has two register ranges.
    'interrupt-controller': { base: { distributor: 0x0800_0000, redistributors: 0x080a_0000 } },
    // The key is a vdev type: this place is for a pl011. Any other UART needs an address in the configuration.
    pl011: { base: 0x0900_0000, interrupt: 40 },
    // Eight places with 4 KiB and one interrupt each. A VirtIO device gets the first free place.
    'virtio-mmio': { base: 0x1000_0000, interrupt: 48, row: { count: 8, addressStride: 0x1000, interruptStride: 1 } },
  },
  // The processor needs these two. A VM has other devices (`pl031`, `pl061`) only if its configuration names them.
  implicitVdevs: ['gic', 'timer'],
  defaultConsole: 'pl011',
  interrupts: { first: 32, last: 95 },
  // Neither devices nor RAM are placed in these ranges.
  reserved: [{ name: 'boot ROM', base: 0, size: 0x1_0000 }],
  deviceTree: { compatible: 'acme,mini', model: 'Acme Mini' },
};

export const plugin = {
  name: '@acme/mini-board',
  apiVersion: PLUGIN_API_VERSION,
  provides: [provide({ token: BOARD, scope: 'host', multi: true, factory: () => mini })],
};
