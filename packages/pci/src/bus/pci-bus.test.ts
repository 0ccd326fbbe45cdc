import fc from 'fast-check';
import { COMMAND, HEADER_TYPE, INTERRUPT_LINE, VENDOR_ID } from '../config-space/registers.js';
import type { BarKind, BarSpec } from '../function/base-address.js';
import { ConfigPorts } from './config-ports.js';
import { EcamWindow } from './ecam.js';
import { swizzle } from './pci-bus.js';
import { constant, createTestBus, FIRST_INTERRUPT, PLAIN } from './test-bus.test.helper.js';

const bar = (index: number, kind: BarKind, size: number, value = index): BarSpec => ({
  index,
  kind,
  size,
  handler: constant(value),
});

describe('PciBus', () => {
  it('gives each function the next free device, or the asked-for place', () => {
    const { bus } = createTestBus();
    const places = [undefined, { slot: 2, fn: 0 }, undefined, undefined, { slot: 2, fn: 7 }].map((place, index) =>
      bus.addressOf(bus.add(`vdev-${index}`, PLAIN, place)),
    );
    expect(places).toEqual([
      { slot: 0, fn: 0 },
      { slot: 2, fn: 0 },
      { slot: 1, fn: 0 },
      { slot: 3, fn: 0 },
      { slot: 2, fn: 7 },
    ]);
  });

  it('refuses places that are taken, do not exist, or that systems do not look at', () => {
    const { bus } = createTestBus();
    bus.add('disk', PLAIN, { slot: 3, fn: 0 });
    const add = (slot: number, fn: number) => () => bus.add('net', PLAIN, { slot, fn });
    expect(add(3, 0)).toThrow('The PCI address 00:03.0 for net belongs to disk.');
    expect(add(4, 1)).toThrow('function 0 of that device must be made first');
    for (const [slot, fn] of [
      [32, 0],
      [3, 8],
      [-1, 0],
      [1.5, 0],
    ] as const)
      expect(add(slot, fn)).toThrow('no place');
    expect(bus.status()).toHaveLength(1);
  });

  it('has 32 devices', () => {
    const { bus } = createTestBus();
    for (let count = 0; count < 32; count++) bus.add(`vdev-${count}`, PLAIN);
    expect(() => bus.add('more', PLAIN)).toThrow('All 32 devices of the PCI bus are taken');
  });

  it('tells in function 0 that a device has more functions', () => {
    const { bus } = createTestBus();
    const zero = bus.add('a', PLAIN);
    expect(zero.config.read(HEADER_TYPE, 1)).toBe(0);
    const one = bus.add('b', PLAIN, { slot: 0, fn: 1 });
    zero.reset();
    expect([zero, one].map(({ config }) => config.read(HEADER_TYPE, 1))).toEqual([0x80, 0]);
  });

  it('assigns addresses as firmware does: aligned, in the window of their kind, and decoded', () => {
    const { bus, memory32, memory64, io } = createTestBus();
    bus.add('a', { ...PLAIN, bars: [bar(0, 'memory32', 0x1000), bar(2, 'memory64', 0x20_0000), bar(4, 'io', 0x20)] });
    bus.add('b', { ...PLAIN, bars: [bar(1, 'memory32', 0x4000), bar(5, 'io', 4)] });
    expect(memory32.bases).toEqual([0x1000_0000, 0x1000_4000]);
    expect(memory64.bases).toEqual([0x80_0000_0000]);
    expect(io.bases).toEqual([0x1000, 0x1020]);
    expect(bus.status()).toEqual([
      expect.objectContaining({ address: '00:00.0', vdev: 'a', id: '1b36:0005', class: '00ff00' }),
      expect.objectContaining({ address: '00:01.0', vdev: 'b' }),
    ]);
    expect(() => bus.add('c', { ...PLAIN, bars: [bar(0, 'memory32', 0x4000_0000)] })).toThrow(
      'No window of the PCI host has room for BAR 0 of c (1073741824 bytes).',
    );
  });

  it('leaves them to firmware where there is one', () => {
    const { bus, memory32 } = createTestBus({ assign: false });
    const fn = bus.add('a', { ...PLAIN, interruptPin: 1, bars: [bar(0, 'memory32', 0x1000)] });
    expect([memory32.bases, fn.config.read(0x10, 4), fn.config.read(COMMAND, 2)]).toEqual([[], 0, 0]);
    fn.config.write(0x10, 4, 0x1234_5678);
    fn.config.write(COMMAND, 2, 2);
    expect(memory32.bases).toEqual([0x1234_5000]);
  });

  it('puts a 64-bit BAR below 4 GiB where there is no other window', () => {
    const { memory32 } = createTestBus();
    const { bus } = createTestBus({ memory32, memory64: undefined as never });
    bus.add('a', { ...PLAIN, bars: [bar(0, 'memory64', 0x1000)] });
    expect(memory32.bases).toEqual([0x1000_0000]);
  });

  it('moves what a function decodes when its registers change', () => {
    const { bus, memory32 } = createTestBus();
    const { config } = bus.add('a', { ...PLAIN, bars: [bar(0, 'memory32', 0x1000, 7)] });
    config.write(0x10, 4, 0x1800_0000);
    expect([memory32.bases, memory32.read(0x1800_0ffc), memory32.read(0x1000_0000)]).toEqual([
      [0x1800_0000],
      7,
      undefined,
    ]);
    config.write(COMMAND, 1, 0);
    expect(memory32.bases).toEqual([]);
    config.write(0x13, 1, 0x11);
    config.write(COMMAND, 1, 2);
    expect(memory32.bases).toEqual([0x1100_0000]);
    for (const elsewhere of [0, 0x0fff_f000, 0x3000_0000, 0xffff_f000]) {
      config.write(0x10, 4, elsewhere);
      expect(memory32.bases).toEqual([]);
    }
  });

  it('maps nothing anew when nothing changes', () => {
    const { bus, memory32 } = createTestBus();
    const { config } = bus.add('a', { ...PLAIN, bars: [bar(0, 'memory32', 0x1000)] });
    const before = memory32.changes;
    config.write(COMMAND, 2, 0x406);
    config.write(0x10, 4, 0x1000_0fff);
    expect(memory32.changes).toBe(before);
  });

  it('agrees with a search by address, wherever software puts BARs', () => {
    const sizes = [0x1000, 0x2000, 0x1_0000] as const;
    const step = fc.record({
      fn: fc.nat(3),
      bar: fc.nat(2),
      page: fc.nat(40),
      command: fc.constantFrom(0, 2, 2, 2, 6),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { bus, memory32 } = createTestBus();
        const functions = [0, 1, 2, 3].map((fn) =>
          bus.add(`f${fn}`, {
            ...PLAIN,
            bars: sizes.map((size, index) => bar(index, 'memory32', size, fn * 4 + index)),
          }),
        );
        for (const { fn, bar: index, page, command } of steps) {
          functions[fn]?.config.write(0x10 + 4 * index, 4, 0x1000_0000 + (page - 4) * 0x1000);
          functions[fn]?.config.write(COMMAND, 2, command);
        }
        // Whole BARs are visible or hidden: those of lower functions first, then those of lower numbers.
        const visible: { readonly base: number; readonly end: number; readonly value: number }[] = [];
        functions.forEach(({ config }, fn) => {
          if ((config.read(COMMAND, 2) & 2) === 0) return;
          sizes.forEach((size, index) => {
            const base = (config.read(0x10 + 4 * index, 4) & -size) >>> 0;
            const free = visible.every((other) => base >= other.end || base + size <= other.base);
            if (free && base >= memory32.base) visible.push({ base, end: base + size, value: fn * 4 + index });
          });
        });
        for (let address = 0x1000_0000; address < 0x1006_0000; address += 0x1000) {
          const found = visible.find(({ base, end }) => address >= base && address < end);
          expect(memory32.read(address)).toBe(found?.value);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('interrupt pins', () => {
  // PCI-to-PCI Bridge 1.2, table 9-1.
  it.each([
    [0, 1, 0],
    [0, 4, 3],
    [1, 1, 1],
    [3, 2, 0],
    [4, 1, 0],
    [31, 3, 1],
  ] as const)('of device %d, pin %d, are joined to line %d', (slot, pin, line) => {
    expect(swizzle(slot, pin)).toBe(line);
  });

  it('share an input, which is the OR of its users', () => {
    const { bus, levels } = createTestBus();
    const add = (slot: number) => bus.add(`vdev-${slot}`, { ...PLAIN, interruptPin: 1 }, { slot, fn: 0 });
    const [a, b, other] = [add(1), add(5), add(2)];
    a.setPin(true);
    b.setPin(true);
    a.setPin(false);
    other.setPin(true);
    b.setPin(false);
    expect(levels).toEqual([
      [FIRST_INTERRUPT + 1, true],
      [FIRST_INTERRUPT + 2, true],
      [FIRST_INTERRUPT + 1, false],
    ]);
    expect(a.config.read(INTERRUPT_LINE, 1)).toBe(FIRST_INTERRUPT + 1);
  });
});

describe.each(['ECAM', 'ports'] as const)('configuration by %s', (way) => {
  function setUp() {
    const { bus } = createTestBus();
    const functions = [
      bus.add('a', { ...PLAIN, deviceId: 1 }),
      bus.add('b', { ...PLAIN, deviceId: 2 }, { slot: 0, fn: 3 }),
      bus.add('c', { ...PLAIN, deviceId: 3 }, { slot: 31, fn: 0 }),
    ];
    const [ecam, ports] = [new EcamWindow(bus), new ConfigPorts(bus)];
    const select = (index: number, register: number): number => {
      ports.write(0, 4, (0x8000_0000 | (index << 8) | (register & 0xfc)) >>> 0);
      return 4 + (register & 3);
    };
    return way === 'ECAM'
      ? {
          functions,
          read: (index: number, register: number, width: 1 | 2 | 4) => ecam.read((index << 12) | register, width),
          write: (index: number, register: number, width: 1 | 2 | 4, value: number) =>
            ecam.write((index << 12) | register, width, value),
        }
      : {
          functions,
          read: (index: number, register: number, width: 1 | 2 | 4) => ports.read(select(index, register), width),
          write: (index: number, register: number, width: 1 | 2 | 4, value: number) =>
            ports.write(select(index, register), width, value),
        };
  }

  it('reaches each function, and finds ones elsewhere', () => {
    const { read } = setUp();
    const ids = Array.from({ length: 256 }, (_, index) => read(index, VENDOR_ID, 4));
    const found = ids.flatMap((id, index) => (id === 0xffff_ffff ? [] : [[index, id]]));
    expect(found).toEqual([
      [0, 0x0001_1b36],
      [3, 0x0002_1b36],
      [248, 0x0003_1b36],
    ]);
    expect([read(9, 0, 1), read(9, 0, 2)]).toEqual([0xff, 0xffff]);
  });

  it('reads and writes all widths', () => {
    const { functions, read, write } = setUp();
    write(3, 0x3c, 1, 0xab);
    write(3, COMMAND, 2, 4);
    write(248, 0x0c, 4, 0xffff_ffff);
    write(100, 0x3c, 4, 1);
    expect([functions[1]?.config.read(0x3c, 4), functions[1]?.busMaster, read(3, COMMAND, 4)]).toEqual([
      0xab,
      true,
      0x0010_0004,
    ]);
    expect([read(248, 0x0c, 4), read(3, 0x02, 2), read(3, 0x03, 1)]).toEqual([0xff, 2, 0]);
  });
});

describe('ConfigPorts', () => {
  it('answers with ones while nothing of bus 0 is selected', () => {
    const { bus } = createTestBus();
    bus.add('a', PLAIN);
    const ports = new ConfigPorts(bus);
    expect(ports.read(4, 4)).toBe(0xffff_ffff);
    for (const address of [0, 0x8001_0000, 0x80ff_0000]) {
      ports.write(0, 4, address);
      ports.write(4, 4, 0);
      expect([ports.read(4, 4), ports.read(6, 2), ports.read(7, 1)]).toEqual([0xffff_ffff, 0xffff, 0xff]);
    }
    ports.write(0, 4, 0xff00_0003);
    expect([ports.read(0, 4), ports.read(4, 4)]).toEqual([0x8000_0000, 0x0005_1b36]);
  });

  it('leaves accesses of less than a double word at 0CF8h to others, such as the reset control', () => {
    const { bus } = createTestBus();
    const calls: number[][] = [];
    const ports = new ConfigPorts(bus, {
      read: (offset) => offset + 0x10,
      write: (...call) => void calls.push(call),
    });
    ports.write(1, 1, 6);
    ports.write(0, 2, 0x1234);
    expect([ports.read(0, 4), ports.read(1, 1), calls]).toEqual([
      0,
      0x11,
      [
        [1, 1, 6],
        [0, 2, 0x1234],
      ],
    ]);
    const alone = new ConfigPorts(bus);
    alone.write(1, 1, 6);
    expect([alone.read(1, 1), alone.read(2, 2)]).toEqual([0xff, 0xffff]);
  });

  it('restores its selection, and refuses one that has more than 32 bits', () => {
    const { bus } = createTestBus();
    const ports = new ConfigPorts(bus);
    ports.write(0, 4, 0x8000_f804);
    const saved = ports.save();
    ports.reset();
    expect(ports.read(0, 4)).toBe(0);
    ports.decode(saved)();
    expect(ports.read(0, 4)).toBe(0x8000_f804);
    expect(() => ports.decode(2 ** 32)).toThrow('CONFIG_ADDRESS');
  });
});
