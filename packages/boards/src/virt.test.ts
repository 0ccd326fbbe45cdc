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
    expect(mmio).toHaveLength(2 + 4 + 32 + 16 + 16 + 2 + 2 + 1);
    expect(new Set(mmio).size).toBe(mmio.length);
    expect(new Set(interrupts).size).toBe(interrupts.length);
    expect(Math.min(...interrupts)).toBeGreaterThanOrEqual(virt.interrupts.first);
    expect(Math.max(...interrupts)).toBeLessThanOrEqual(virt.interrupts.last);
    expect(Math.max(...mmio)).toBeLessThan(virt.ram.base);
  });

  // From the device tree that QEMU 7.2 generates: -M virt,gic-version=3,dumpdtb=FILE.
  it.each<readonly [string, readonly string[], readonly number[], readonly number[]]>([
    ['interrupt-controller', ['distributor', 'redistributors'], [0x0800_0000, 0x080a_0000], []],
    ['uart', ['registers'], [0x0900_0000], [1]],
    ['rtc', ['registers'], [0x0901_0000], [2]],
    ['fw-cfg', ['registers'], [0x0902_0000], []],
    ['gpio', ['registers'], [0x0903_0000], [7]],
    ['virtio-mmio', ['registers'], [0x0a00_0000, 0x0a00_3e00], [0x10, 0x2f]],
  ])('has %s where QEMU has it', (role, ranges, bases, spis) => {
    const places = placesFor(virt, 'any', {
      role,
      mmio: ranges.map((name) => ({ name, size: 4 })),
      interrupts: [{ name: 'line' }],
    });
    const ends = places.length === 1 ? places : [places[0], places[places.length - 1]];
    expect(ends.flatMap((place) => Object.values(place?.mmio ?? {}))).toEqual(bases);
    expect(ends.flatMap((place) => Object.values(place?.interrupts ?? {}))).toEqual(spis.map((spi) => spi + 32));
  });
});
