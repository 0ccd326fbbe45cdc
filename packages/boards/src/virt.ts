import type { Board } from '@qvm/core/board';

/**
 * The board of AArch64 guests. Devices are at the addresses of QEMU's machine `virt`; devices that `virt` lacks, at
 * those of Arm's Versatile Express boards. Interrupts are INTIDs: the SPI number in a device-tree binding is 32 less.
 *
 * @experimental
 */
export const virt: Board = {
  name: 'virt',
  description: "AArch64 board with the memory map of QEMU's virt",
  architecture: 'aarch64',
  ram: { base: 0x4000_0000 },
  places: {
    'interrupt-controller': { base: { distributor: 0x0800_0000, redistributors: 0x080a_0000 } },
    uart: { base: 0x0900_0000, interrupt: 33 },
    rtc: { base: 0x0901_0000, interrupt: 34 },
    'fw-cfg': { base: 0x0902_0000 },
    gpio: { base: 0x0903_0000, interrupt: 39 },
    'virtio-mmio': {
      base: 0x0a00_0000,
      interrupt: 48,
      // Drivers probe all of them and find "virt", version 2, no device (DeviceID 0), vendor "QEMU" (VirtIO 1.2, section 4.2.2).
      row: {
        count: 32,
        addressStride: 0x200,
        interruptStride: 1,
        empty: { 0x000: 0x7472_6976, 0x004: 2, 0x00c: 0x554d_4551 },
      },
    },
    'shared-memory': {
      base: 0x0b00_0000,
      interrupt: 160,
      row: { count: 16, addressStride: 0x1000, interruptStride: 1 },
    },
    // The platform bus of QEMU's virt, for devices that are created on demand.
    platform: { base: 0x0c00_0000, interrupt: 144, row: { count: 16, addressStride: 0x1000, interruptStride: 1 } },
    // The window is the upper part of QEMU's: the places below are in the lower one. Interrupt 35 is that of the watchdog's bite, too.
    'pci-host': {
      base: { ecam: 0x40_1000_0000 },
      interrupt: { inta: 35, intb: 36, intc: 37, intd: 38 },
      windows: {
        memory32: { base: 0x2000_0000, size: 0x1eff_0000 },
        memory64: { base: 0x80_0000_0000, size: 0x80_0000_0000 },
      },
    },
    // The following places are those of the Versatile Express (Arm DUI 0447, motherboard memory map).
    pl050: { base: { keyboard: 0x1c06_0000, mouse: 0x1c07_0000 }, interrupt: { keyboard: 44, mouse: 45 } },
    ps2: { base: { keyboard: 0x1c08_0000, mouse: 0x1c08_1000 }, interrupt: { keyboard: 46, mouse: 47 } },
    watchdog: { base: 0x1c0f_0000, interrupt: { watchdog: 32, bite: 35 } },
  },
  implicitVdevs: ['gic', 'timer', 'pl031', 'pl061'],
  defaultConsole: 'pl011',
  interrupts: { first: 32, last: 287 },
  deviceTree: {
    compatible: 'linux,dummy-virt',
    model: 'qvm,virt',
  },
};
