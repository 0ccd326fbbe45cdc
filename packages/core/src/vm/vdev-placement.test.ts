import type { QvmError } from '../errors/qvm-error.js';
import { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import { IoPortMap } from '../memory/io-port-map.js';
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
  const ports = new IoPortMap();
  const owners: InterruptOwners = new Map();
  let count = 0;
  return (options, type = 'vdev', resources = ASKING) => {
    const name = `${type}-${count++}`;
    const placed: VdevPlacement = placeVdev({ name, type, resources, options }, { board, map, ports, owners });
    for (const [range, base] of Object.entries(placed.mmioBase)) {
      map.addMmio(`${name}/${range}`, base, SIZE, { read: () => 0, write: () => undefined });
    }
    for (const { name: range, size } of resources.ports ?? []) {
      ports.add(`${name}/${range}`, placed.portBase[range] ?? 0, size, { read: () => 0, write: () => undefined });
    }
    return [...Object.values(placed.mmioBase), ...Object.values(placed.portBase), ...Object.values(placed.interrupts)];
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

describe('an interrupt that sees edges', () => {
  it('is not shared, although it is asked for', () => {
    const place = placer({ ...BOARD, interrupts: { first: 0, last: 99, exclusive: { first: 60, last: 70 } } });
    expect(place({ irq: 71 })).toEqual([0x0a00_0000, 71]);
    expect(place({ irq: 71 })).toEqual([0x0a00_0200, 71]);
    expect(place({ base: 0x0b00_0000, irq: 70 })).toEqual([0x0b00_0000, 70]);
    expect(() => place({ base: 0x0b10_0000, irq: 70 })).toThrow(
      error(
        'vdev.irq-taken',
        'The vdev vdev-3 cannot share the interrupt 70 with vdev-2: on the board fake, interrupts 60 to 70 have one source.',
      ) as QvmError,
    );
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

describe('a vdev with I/O ports', () => {
  const PORTS: VdevResources = {
    ports: [{ name: 'registers', size: 8 }],
    interrupts: [{ name: 'line' }],
    role: 'serial',
  };
  const PC = fakeBoard({
    ioPorts: true,
    places: {
      serial: {
        port: 0x3f8,
        interrupt: 4,
        row: { count: 2, addressStride: 0, portStride: -0x100, interruptStride: -1 },
      },
      keyboard: { base: 0x1000, port: { data: 0x60, command: 0x64 }, interrupt: 1 },
    },
  });

  it('has the places of its board, also those that go down', () => {
    const place = placer(PC);
    expect([place({}, 'com', PORTS), place({}, 'com', PORTS)]).toEqual([
      [0x3f8, 4],
      [0x2f8, 3],
    ]);
    expect(() => place({}, 'com', PORTS)).toThrow(
      error(
        'vdev.base-taken',
        'All 2 places that the board fake has for the vdev com-2 are taken: give it ports.',
      ) as QvmError,
    );
  });

  it('goes where its options say, and gets the interrupt of that place', () => {
    expect(placer(PC)({ ports: 0x2f8 }, 'com', PORTS)).toEqual([0x2f8, 3]);
    expect(placer(PC)({ ports: 0x2e8, irq: 9 }, 'com', PORTS)).toEqual([0x2e8, 9]);
    // Its default space is that of ports.
    expect(placer(PC)({ base: 0x2f8 }, 'com', PORTS)).toEqual([0x2f8, 3]);
  });

  it('can have several ranges, and registers in memory besides; each option moves the first of its kind', () => {
    const both: VdevResources = {
      mmio: [{ name: 'frame', size: SIZE }],
      ports: [
        { name: 'data', size: 1 },
        { name: 'command', size: 1 },
      ],
    };
    expect(placer(PC)({}, 'keyboard', both)).toEqual([0x1000, 0x60, 0x64]);
    expect(placer(PC)({ base: 0x2000, ports: 0x70 }, 'keyboard', both)).toEqual([0x2000, 0x70, 0x64]);
  });

  it.each<readonly [string, CommonVdevOptions, string, VdevResources, string, string]>([
    [
      'without a place',
      {},
      'other',
      { ...PORTS, role: 'other' },
      'vdev.no-base',
      'The board fake has no place for the vdev other-0 (other): give it ports. The board has places for keyboard, serial.',
    ],
    [
      'with a range that has no place',
      { ports: 1 },
      'other',
      { ports: [...(PORTS.ports ?? []), { name: 'more', size: 1 }], role: 'serial' },
      'vdev.no-base',
      'The board fake has no port of the more ports for the vdev other-0 (other): no option gives it one. The board has places for keyboard, serial.',
    ],
    [
      'that it does not have',
      { ports: 1 },
      'none',
      {},
      'vdev.option',
      'The vdev none-0 has no I/O ports here, so it takes no ports.',
    ],
  ])('%s is refused', (_, options, type, resources, code, message) => {
    expect(() => placer(PC)(options, type, resources)).toThrow(error(code, message) as QvmError);
  });

  it('is refused when the place of its board is taken', () => {
    const place = placer(PC);
    place({ ports: 0x59, irq: 9 }, 'com', PORTS);
    expect(() => place({}, 'keyboard', { ports: [{ name: 'data', size: 1 }] })).toThrow(
      error(
        'vdev.base-taken',
        'The port 0x60 that the board fake has for the vdev keyboard-1 belongs to com-0/registers: give it ports.',
      ) as QvmError,
    );
  });

  it('is refused where guests cannot access ports', () => {
    expect(() => placer()({ ports: 0x3f8 }, 'com', PORTS)).toThrow(
      error(
        'vdev.no-ports',
        'The vdev com-0 (com) is a device of another architecture: it has I/O ports, which fake guests do not have.',
      ) as QvmError,
    );
  });
});
