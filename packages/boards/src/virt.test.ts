import { placesFor } from '@qvm/core/board';
import type { VdevResources } from '@qvm/core/vdev';
import { virt } from './index.js';

/** Ranges and interrupts of all places, for vdevs that use everything that a place has. */
function everything(): { readonly mmio: readonly number[]; readonly interrupts: readonly number[] } {
  const places = Object.entries(virt.places).flatMap(([type, { base, interrupt }]) => {
    const names = (values: typeof base) => (typeof values === 'object' ? Object.keys(values) : ['first']);
    const resources: VdevResources = {
      mmio: names(base).map((name) => ({ name, size: 4 })),
      interrupts: names(interrupt).map((name) => ({ name })),
    };
    return placesFor(virt, type, resources);
  });
  return {
    mmio: places.flatMap(({ mmio }) => Object.values(mmio)),
    interrupts: places.flatMap(({ interrupts }) => Object.values(interrupts)),
  };
}

describe('virt', () => {
  it('has a place of its own for each vdev, and interrupts of its own in range', () => {
    const { mmio, interrupts } = everything();
    expect(mmio).toHaveLength(2 + 4 + 32 + 16 + 16 + 1 + 2 + 2 + 1);
    expect(new Set(mmio).size).toBe(mmio.length);
    // QEMU has the first pin of PCI where the second interrupt of the watchdog is: only one of them can be in a VM.
    expect(interrupts.filter((number, index) => interrupts.indexOf(number) !== index)).toEqual([35]);
    expect(Math.min(...interrupts)).toBeGreaterThanOrEqual(virt.interrupts.first);
    expect(Math.max(...interrupts)).toBeLessThanOrEqual(virt.interrupts.last);
    // The configuration window of PCI lies above any RAM that a VM can have.
    const below = mmio.filter((address) => address < 0x40_0000_0000);
    expect([below.length, Math.max(...below) < virt.ram.base]).toEqual([mmio.length - 1, true]);
  });

  it('has windows for PCI where QEMU has them, clear of the places of other vdevs', () => {
    const { windows = {} } = virt.places['pci-host'] ?? {};
    // From QEMU's device tree: memory from 0x10000000 to 0x3efeffff, and 512 GiB from 0x8000000000 on.
    const { memory32, memory64 } = windows;
    if (memory32 === undefined || memory64 === undefined) throw new Error('no windows');
    expect(memory32.base).toBeGreaterThanOrEqual(0x1000_0000);
    expect(memory32.base + memory32.size).toBe(0x3eff_0000);
    expect([memory64.base, memory64.size]).toEqual([0x80_0000_0000, 0x80_0000_0000]);
    const inside =
      ({ base, size }: { readonly base: number; readonly size: number }) =>
      (address: number) =>
        address >= base && address < base + size;
    const { mmio } = everything();
    expect([memory32, memory64].flatMap((window) => mmio.filter(inside(window)))).toEqual([]);
  });

  // From the device tree that QEMU 7.2 generates: -M virt,gic-version=3,dumpdtb=FILE.
  it.each<readonly [string, readonly string[], readonly number[], readonly number[]]>([
    ['interrupt-controller', ['distributor', 'redistributors'], [0x0800_0000, 0x080a_0000], []],
    ['uart', ['registers'], [0x0900_0000], [1]],
    ['rtc', ['registers'], [0x0901_0000], [2]],
    ['fw-cfg', ['registers'], [0x0902_0000], []],
    ['gpio', ['registers'], [0x0903_0000], [7]],
    ['virtio-mmio', ['registers'], [0x0a00_0000, 0x0a00_3e00], [0x10, 0x2f]],
    ['pci-host', ['ecam'], [0x40_1000_0000], [3]],
  ])('has %s where QEMU has it', (role, ranges, bases, spis) => {
    const places = placesFor(virt, 'any', {
      role,
      mmio: ranges.map((name) => ({ name, size: 4 })),
      interrupts: [{ name: role === 'pci-host' ? 'inta' : 'line' }],
    });
    const ends = places.length === 1 ? places : [places[0], places[places.length - 1]];
    expect(ends.flatMap((place) => Object.values(place?.mmio ?? {}))).toEqual(bases);
    expect(ends.flatMap((place) => Object.values(place?.interrupts ?? {}))).toEqual(spis.map((spi) => spi + 32));
  });
});
