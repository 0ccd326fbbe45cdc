import type { QvmError } from '../errors/qvm-error.js';
import { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import { VmMemory } from '../memory/vm-memory.js';
import type { CommonVdevOptions } from '../vdev/common-options.js';
import type { VdevResources } from '../vdev/vdev.js';
import { fakeBoard } from './fake-machine.test.helper.js';
import { placeVdev, type InterruptOwners, type VdevPlacement } from './vdev-placement.js';

const SIZE = 0x200;
const ASKING: VdevResources = {
  mmio: [{ name: 'registers', size: SIZE }],
  interrupts: [{ name: 'line' }],
  role: 'slot',
};
const BOARD = fakeBoard({
  places: {
    slot: { base: 0x0a00_0000, interrupt: 48, row: { count: 3, addressStride: SIZE, interruptStride: 1 } },
    special: { base: { registers: 0x0d00_0000, more: 0x0e00_0000 }, interrupt: 90 },
  },
});

/** Places vdevs one after the other, as a VM does. */
function placer(
  board = BOARD,
): (options: CommonVdevOptions, type?: string, resources?: VdevResources) => readonly number[] {
  const map = new GuestPhysicalMap(new VmMemory(0));
  const owners: InterruptOwners = new Map();
  let count = 0;
  return (options, type = 'vdev', resources = ASKING) => {
    const name = `${type}-${count++}`;
    const placed: VdevPlacement = placeVdev({ name, type, resources, options }, { board, map, owners });
    for (const [range, base] of Object.entries(placed.mmioBase)) {
      map.addMmio(`${name}/${range}`, base, SIZE, { read: () => 0, write: () => undefined });
    }
    return [...Object.values(placed.mmioBase), ...Object.values(placed.interrupts)];
  };
}

const error = (code: string, message: string): unknown => expect.objectContaining({ code, message });

describe('places of a row', () => {
  it('are given away from the first on, each with its interrupt', () => {
    const place = placer();
    expect([place({}), place({}), place({})]).toEqual([
      [0x0a00_0000, 48],
      [0x0a00_0200, 49],
      [0x0a00_0400, 50],
    ]);
    expect(() => place({})).toThrow(
      error(
        'vdev.base-taken',
        'All 3 places that the board fake has for the vdev vdev-3 are taken: give it a base.',
      ) as QvmError,
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

describe('a vdev on a board', () => {
  it('is where the board has its type, before its role', () => {
    const place = placer();
    expect(place({}, 'special')).toEqual([0x0d00_0000, 90]);
    expect(place({}, 'other')).toEqual([0x0a00_0000, 48]);
  });

  it('has each of its ranges where the board says; a base moves the first', () => {
    const both = { mmio: [...(ASKING.mmio ?? []), { name: 'more', size: SIZE }] };
    expect(placer()({}, 'special', both)).toEqual([0x0d00_0000, 0x0e00_0000]);
    expect(placer()({ base: 0x0f00_0000 }, 'special', both)).toEqual([0x0f00_0000, 0x0e00_0000]);
  });

  it('cannot be there when the board lacks a range that no option moves', () => {
    const both = { mmio: [...(ASKING.mmio ?? []), { name: 'more', size: SIZE }], role: 'slot' };
    expect(() => placer()({ base: 0x1000 }, 'vdev', both)).toThrow(
      error(
        'vdev.no-base',
        'The board fake has no address of the more registers for the vdev vdev-0 (vdev): no option gives it one. The board has places for slot, special.',
      ) as QvmError,
    );
  });

  it.each(['unknown', 'constructor', '__proto__'])('that does not know the type %s needs a base and an irq', (type) => {
    const alone = { ...ASKING, role: type };
    expect(() => placer()({}, type, alone)).toThrow(
      error(
        'vdev.no-base',
        `The board fake has no place for the vdev ${type}-0 (${type}): give it a base. The board has places for slot, special.`,
      ) as QvmError,
    );
    expect(() => placer()({ base: 0x1000 }, type, alone)).toThrow(
      error(
        'vdev.no-irq',
        `The board fake has no number of the interrupt line for the vdev ${type}-0 (${type}): give it an irq. The board has places for slot, special.`,
      ) as QvmError,
    );
    expect(placer(fakeBoard())({ base: 0x1000, irq: 9 }, type, alone)).toEqual([0x1000, 9]);
  });
});
