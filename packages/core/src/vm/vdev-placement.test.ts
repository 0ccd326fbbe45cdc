import type { QvmError } from '../errors/qvm-error.js';
import { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import { VmMemory } from '../memory/vm-memory.js';
import type { OptionValues } from '../vdev/option-spec.js';
import type { VdevResources } from '../vdev/vdev.js';
import { placeVdev, type InterruptOwners, type VdevPlacement } from './vdev-placement.js';

const SIZE = 0x200;
const SLOTTED: VdevResources = {
  mmio: [{ name: 'registers', size: SIZE, defaultBase: 0x0a00_0000 }],
  interrupts: [{ name: 'line', defaultNumber: 48 }],
  slots: { count: 3, addressStride: SIZE, interruptStride: 1 },
};

/** Places vdevs one after the other, as a VM does. */
function placer(): (options: OptionValues, resources?: VdevResources) => readonly [number, number] {
  const map = new GuestPhysicalMap(new VmMemory(0));
  const owners: InterruptOwners = new Map();
  let count = 0;
  return (options, resources = SLOTTED) => {
    const name = `vdev-${count++}`;
    const placed: VdevPlacement = placeVdev(name, resources, options, map, owners);
    const base = placed.mmioBase['registers'] ?? 0;
    map.addMmio(name, base, SIZE, { read: () => 0, write: () => undefined });
    return [base, placed.interrupts['line'] ?? 0];
  };
}

describe('places of a row', () => {
  it('are given away from the first on, each with its interrupt', () => {
    const place = placer();
    expect([place({}), place({}), place({})]).toEqual([
      [0x0a00_0000, 48],
      [0x0a00_0200, 49],
      [0x0a00_0400, 50],
    ]);
    expect(() => place({})).toThrow(
      expect.objectContaining({
        code: 'vdev.base-taken',
        message: 'All 3 places for the vdev vdev-3 are taken: give it a base.',
      }) as QvmError,
    );
  });

  it('go by an explicit base, and are left out when a part of them is taken', () => {
    const place = placer();
    expect(place({ base: 0x0a00_0200 })).toEqual([0x0a00_0200, 49]);
    expect(place({ base: 0x0b00_0000, irq: 48 })).toEqual([0x0b00_0000, 48]);
    expect(place({})).toEqual([0x0a00_0400, 50]);
  });

  it('give the address alone to a vdev with an interrupt of its own', () => {
    const place = placer();
    expect(place({ irq: 70 })).toEqual([0x0a00_0000, 70]);
    expect(place({ irq: 70 })).toEqual([0x0a00_0200, 70]);
    expect(place({})).toEqual([0x0a00_0400, 50]);
  });

  it('leave a base between them with the default interrupt', () => {
    expect(placer()({ base: 0x0a00_0100 })).toEqual([0x0a00_0100, 48]);
  });
});
