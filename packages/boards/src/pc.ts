import type { Board } from '@qvm/core/board';

const KIB = 0x400;
const GIB = 0x4000_0000;
/** RAM ends here at the latest, and goes on at 4 GiB. */
const LOW_RAM_END = 0xb000_0000;
/** The I/O APIC, and after it the other devices with fixed addresses; firmware gives PCI devices addresses up to here. */
const FIXED_DEVICES = 0xfec0_0000;

/**
 * The board of x86_64 guests: the public map of a PC with QEMU's `q35` as the model (Intel ICH9 data sheet, chapter 9;
 * MultiProcessor Specification 1.4, 3.6). Interrupt numbers are global system interrupts: inputs of the I/O APIC, 0 to
 * 15 of the 8259A pair, too. The firmware of a guest is at the end of the first 4 GiB.
 *
 * @experimental
 */
export const pc: Board = {
  name: 'pc',
  description: "x86_64 board with the memory map of QEMU's q35",
  architecture: 'x86_64',
  ioPorts: true,
  ram: {
    base: 0,
    holes: [
      // Video memory and ROMs of adapters and of the firmware.
      { base: 640 * KIB, size: 384 * KIB, shadow: true },
      { base: LOW_RAM_END, size: 4 * GIB - LOW_RAM_END },
    ],
  },
  places: {
    'local-apic': { base: 0xfee0_0000 },
    ioapic: { base: FIXED_DEVICES },
    pic: { port: { master: 0x20, slave: 0xa0, elcr: 0x4d0 } },
    pit: { port: { counters: 0x40, control: 0x61 }, interrupt: 0 },
    hpet: { base: 0xfed0_0000, interrupt: 23 },
    rtc: { port: 0x70, interrupt: 8 },
    // COM1 and COM2.
    uart: {
      port: 0x3f8,
      interrupt: 4,
      row: { count: 2, addressStride: 0, portStride: -0x100, interruptStride: -1 },
    },
    ps2: { port: { data: 0x60, command: 0x64 }, interrupt: { keyboard: 1, mouse: 12 } },
    'acpi-pm': { port: { registers: 0x600, smi: 0xb2 }, interrupt: 9 },
    'pc-reset': { port: 0x92 },
    'debug-port': { port: { bochs: 0xe9, firmware: 0x402, post: 0x80 } },
    'fw-cfg': { port: 0x510 },
    vga: { port: { vga: 0x3b0, dispi: 0x1ce } },
    'pci-host': {
      base: { ecam: LOW_RAM_END },
      port: { config: 0xcf8, io: 0x1000 },
      interrupt: { inta: 16, intb: 17, intc: 18, intd: 19 },
      windows: {
        memory32: { base: 3 * GIB, size: FIXED_DEVICES - 3 * GIB },
        memory64: { base: 512 * GIB, size: 256 * GIB },
      },
    },
    platform: {
      base: FIXED_DEVICES + 0x1_0000,
      interrupt: 10,
      row: { count: 2, addressStride: 0x1000, interruptStride: 1 },
    },
  },
  implicitVdevs: ['apic', 'ioapic', 'pic', 'pit', 'rtc', 'hpet', 'acpi-pm', 'pc-reset', 'pci-host'],
  defaultConsole: 'ser8250',
  firmware: {
    end: 4 * GIB,
    // For option ROMs, and for the firmware's own copy, which it changes.
    ram: [{ base: 768 * KIB, size: 256 * KIB }],
    vdevs: ['fw-cfg'],
  },
  // Those of the ISA bus are edges.
  interrupts: { first: 0, last: 23, exclusive: { first: 0, last: 15 } },
  deviceTree: { compatible: 'qvm,pc', model: 'qvm,pc' },
};
