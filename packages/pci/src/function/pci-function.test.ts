import fc from 'fast-check';
import type { AccessWidth } from '@qvm/core/vdev';
import { constant, createTestBus, FIRST_INTERRUPT, PLAIN } from '../bus/test-bus.test.helper.js';
import { COMMAND, STATUS } from '../config-space/registers.js';
import type { BarKind } from './base-address.js';
import type { PciFunctionSpec } from './function-spec.js';
import type { PciFunction } from './pci-function.js';

const MSIX = { vectors: 3, table: { bar: 0, offset: 0x800 }, pendingBits: { bar: 0, offset: 0xc00 } };
const RICH: PciFunctionSpec = {
  vendorId: 0x1af4,
  deviceId: 0x1042,
  revision: 1,
  classCode: 0x01_00_00,
  subsystemId: 0x1100,
  interruptPin: 1,
  bars: [
    { index: 0, kind: 'memory32', size: 0x1000, handler: constant(1) },
    { index: 2, kind: 'memory64', size: 0x4000, prefetchable: true, handler: constant(2) },
    { index: 4, kind: 'io', size: 0x40, handler: constant(3) },
  ],
  msix: MSIX,
  msi: { vectors: 4 },
  capabilities: [{ id: 9, bytes: [6, 0xaa, 0xbb, 0xcc], writable: [0, 0xf0] }],
  extended: [
    { id: 3, version: 1, bytes: [1, 2, 3, 4, 5, 6, 7, 8] },
    { id: 0x0b, version: 2, bytes: [9] },
  ],
};

/** The capabilities by offset, as a driver walks the list. */
function walk({ config }: PciFunction): readonly (readonly [id: number, offset: number])[] {
  const found: (readonly [number, number])[] = [];
  for (let at = config.read(0x34, 1); at !== 0 && found.length < 48; at = config.read(at + 1, 1)) {
    found.push([config.read(at, 1), at]);
  }
  return found;
}

const offsetOf = (fn: PciFunction, id: number): number => walk(fn).find(([found]) => found === id)?.[1] ?? 0;

describe('the header of a function', () => {
  it('says what it is', () => {
    const { config } = createTestBus().bus.add('a', RICH);
    expect([0, 8, 0x2c].map((offset) => config.read(offset, 4))).toEqual([0x1042_1af4, 0x0100_0001, 0x1100_1af4]);
    expect(config.read(0x3c, 4)).toBe(0x100 + FIRST_INTERRUPT);
    for (const offset of [0, 2, 8, 10, 0x0e, 0x2c, 0x30, 0x34, 0x3d]) config.write(offset, 1, 0x5a);
    expect([0, 8, 0x2c, 0x30].map((offset) => config.read(offset, 4))).toEqual([
      0x1042_1af4, 0x0100_0001, 0x1100_1af4, 0,
    ]);
  });

  it('has the bits of COMMAND that the function uses, and no errors in STATUS', () => {
    const { bus } = createTestBus();
    const write = (spec: PciFunctionSpec): number => {
      const { config } = bus.add('a', spec);
      config.write(COMMAND, 4, 0xffff_ffff);
      return config.read(COMMAND, 4);
    };
    expect([write(RICH), write({ ...PLAIN, express: false })]).toEqual([0x0010_0547, 0x0000_0144]);
  });

  it.each<readonly [BarKind, number, number, number | undefined]>([
    ['memory32', 0x1000, 0xffff_f000, undefined],
    ['memory32', 0x8000_0000, 0x8000_0000, undefined],
    ['io', 4, 0xffff_fffd, undefined],
    ['io', 0x100, 0xffff_ff01, undefined],
    ['memory64', 0x2000, 0xffff_e004, 0xffff_ffff],
    ['memory64', 2 ** 32, 0x0000_0004, 0xffff_ffff],
    ['memory64', 2 ** 35, 0x0000_0004, 0xffff_fff8],
  ])('tells the size of a %s BAR of %d', (kind, size, low, high) => {
    const { bus } = createTestBus({ assign: false });
    const { config } = bus.add('a', { ...PLAIN, bars: [{ index: 1, kind, size, handler: constant(0) }] });
    config.write(0x14, 4, 0xffff_ffff);
    config.write(0x18, 4, 0xffff_ffff);
    expect([config.read(0x14, 4), config.read(0x18, 4)]).toEqual([low, high ?? 0]);
    config.write(0x14, 4, 0);
    expect(config.read(0x14, 4)).toBe(low & (kind === 'io' ? 3 : 15));
  });

  it.each<readonly [string, Partial<PciFunctionSpec>]>([
    ['a size that is no power of two', { bars: [{ index: 0, kind: 'memory32', size: 0x3000, handler: constant(0) }] }],
    ['less than a page', { bars: [{ index: 0, kind: 'memory32', size: 0x800, handler: constant(0) }] }],
    ['too many ports', { bars: [{ index: 0, kind: 'io', size: 0x200, handler: constant(0) }] }],
    ['no register', { bars: [{ index: 5, kind: 'memory64', size: 0x1000, handler: constant(0) }] }],
    [
      'a register that is taken',
      {
        bars: [
          { index: 0, kind: 'memory64', size: 0x1000, handler: constant(0) },
          { index: 1, kind: 'io', size: 4, handler: constant(0) },
        ],
      },
    ],
    ['a vendor that does not fit', { vendorId: 0x1_0000 }],
    ['a class that does not fit', { classCode: 2 ** 24 }],
    ['no vectors', { msix: { ...MSIX, vectors: 0 } }],
    ['too many vectors', { msix: { ...MSIX, vectors: 2049 } }],
    ['a table that is not aligned', { msix: { ...MSIX, table: { bar: 0, offset: 4 } } }],
    ['three MSI vectors', { msi: { vectors: 3 } }],
    ['capabilities without end', { capabilities: [{ id: 9, bytes: new Uint8Array(0xc0) }] }],
  ])('is refused with %s', (_, wrong) => {
    const { bus } = createTestBus();
    expect(() => bus.add('a', { ...RICH, ...wrong })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^pci\./) as unknown }) as Error,
    );
    expect(bus.status()).toEqual([]);
  });
});

describe('the capabilities of a function', () => {
  it('are a list that ends', () => {
    const fn = createTestBus().bus.add('a', RICH);
    expect(walk(fn).map(([id]) => id)).toEqual([0x11, 0x05, 9, 0x10]);
    const { config } = fn;
    const vendor = offsetOf(fn, 9);
    expect(config.read(vendor, 4) >>> 16).toBe(0xaa06);
    config.write(vendor, 4, 0);
    expect([config.read(vendor, 1), config.read(vendor + 2, 2)]).toEqual([9, 0x0a06]);
    expect(walk(createTestBus().bus.add('b', { ...PLAIN, express: false }))).toEqual([]);
  });

  it('of PCI Express call it an integrated endpoint, with extended capabilities', () => {
    const fn = createTestBus().bus.add('a', RICH);
    expect(fn.config.read(offsetOf(fn, 0x10) + 2, 2)).toBe(0x92);
    expect([0x100, 0x104, 0x108, 0x10c, 0x110].map((at) => fn.config.read(at, 4))).toEqual([
      0x10c1_0003, 0x0403_0201, 0x0807_0605, 0x0002_000b, 9,
    ]);
  });
});

describe('the interrupt pin', () => {
  it('is lowered by its bit in COMMAND and by message interrupts; STATUS shows it', () => {
    const { bus, levels } = createTestBus();
    const fn = bus.add('a', RICH);
    const states: unknown[] = [];
    const record = (): void => void states.push([fn.config.read(STATUS, 1) & 8, levels.at(-1)?.[1]]);
    fn.setPin(true);
    record();
    fn.config.write(COMMAND, 2, 0x400);
    record();
    fn.config.write(COMMAND, 2, 0);
    record();
    fn.config.write(offsetOf(fn, 0x11) + 2, 2, 0x8000);
    record();
    fn.config.write(offsetOf(fn, 0x11) + 2, 2, 0);
    record();
    fn.setPin(false);
    record();
    expect(states).toEqual([
      [8, true],
      [8, false],
      [8, true],
      [0, false],
      [8, true],
      [0, false],
    ]);
  });
});

describe('MSI-X', () => {
  function setUp() {
    const parts = createTestBus();
    const fn = parts.bus.add('a', RICH);
    const control = offsetOf(fn, 0x11) + 2;
    const { msix } = fn;
    if (msix === undefined) throw new Error('no MSI-X');
    const entry = (vector: number, address: number, data: number, mask: number): void => {
      [address % 2 ** 32, Math.floor(address / 2 ** 32), data, mask].forEach((word, index) =>
        msix.table.write(vector * 16 + index * 4, 4, word),
      );
    };
    return { ...parts, fn, msix, control, entry };
  }

  it('is described by its capability', () => {
    const { fn, control } = setUp();
    expect([control, control + 2, control + 6].map((at, index) => fn.config.read(at, index === 0 ? 2 : 4))).toEqual([
      2, 0x800, 0xc00,
    ]);
  });

  it('sends the message of a vector', () => {
    const { fn, msix, control, entry, messages } = setUp();
    entry(1, 0xfee0_1000, 0x4041, 0);
    entry(2, 0x12_3456_7000, 7, 0);
    fn.config.write(COMMAND, 2, 4);
    msix.trigger(1);
    expect(messages).toEqual([]);
    fn.config.write(control, 2, 0x8000);
    for (const vector of [1, 2, 3, 0xffff]) msix.trigger(vector);
    expect(messages).toEqual([
      [0xfee0_1000, 0x4041],
      [0x12_3456_7000, 7],
    ]);
  });

  it('keeps a vector pending while it is masked, the function is masked, or the function is no bus master', () => {
    const { fn, msix, control, entry, messages } = setUp();
    entry(0, 0x1000, 1, 1);
    entry(2, 0x3000, 3, 0);
    fn.config.write(COMMAND, 2, 4);
    fn.config.write(control, 2, 0xc000);
    msix.trigger(0);
    msix.trigger(2);
    expect([messages, msix.pendingBits.read(0, 4)]).toEqual([[], 5]);
    fn.config.write(COMMAND, 2, 0);
    fn.config.write(control, 2, 0x8000);
    expect([messages, msix.pendingBits.read(0, 1)]).toEqual([[], 5]);
    fn.config.write(COMMAND, 2, 4);
    expect([messages, msix.pendingBits.read(0, 2)]).toEqual([[[0x3000, 3]], 1]);
    entry(0, 0x1000, 1, 0);
    expect([messages.length, msix.pendingBits.read(0, 4)]).toEqual([2, 0]);
    msix.pendingBits.write(0, 4, 0xffff_ffff);
    expect(msix.pendingBits.read(0, 4)).toBe(0);
  });

  it('has a table that is masked at first, and whose reserved bits are zero', () => {
    const { msix } = setUp();
    expect([0, 1, 2, 3, 7, 11].map((word) => msix.table.read(word * 4, 4))).toEqual([0, 0, 0, 1, 1, 1]);
    for (let offset = 0; offset < 64; offset += 4) msix.table.write(offset, 4, 0xffff_ffff);
    expect([0, 1, 2, 3, 12].map((word) => msix.table.read(word * 4, 4))).toEqual([
      0xffff_fffc, 0xffff_ffff, 0xffff_ffff, 1, 0,
    ]);
    msix.table.write(5, 1, 0x12);
    msix.table.write(6, 2, 0x3456);
    expect([msix.table.read(4, 4), msix.table.read(6, 2), msix.table.read(5, 1)]).toEqual([0x3456_12ff, 0x3456, 0x12]);
  });
});

describe('MSI', () => {
  function setUp() {
    const parts = createTestBus();
    const fn = parts.bus.add('a', RICH);
    const at = offsetOf(fn, 5);
    const { msi } = fn;
    if (msi === undefined) throw new Error('no MSI');
    fn.config.write(at + 4, 4, 0xfee0_0003);
    fn.config.write(at + 8, 4, 1);
    fn.config.write(at + 12, 4, 0xffff_4042);
    fn.config.write(COMMAND, 2, 4);
    return { ...parts, fn, msi, at };
  }

  it.each([
    [0, [0x4042, 0x4042, 0x4042, 0x4042]],
    [1, [0x4042, 0x4043, 0x4042, 0x4043]],
    [2, [0x4040, 0x4041, 0x4042, 0x4043]],
    [5, [0x4040, 0x4041, 0x4042, 0x4043]],
  ])('changes the low bits of the data as far as software allows (%d)', (enabled, data) => {
    const { fn, msi, at, messages } = setUp();
    msi.trigger(0);
    fn.config.write(at + 2, 2, 1 | (enabled << 4));
    for (const vector of [0, 1, 2, 3, 4]) msi.trigger(vector);
    expect(messages).toEqual(data.map((value) => [0x1_fee0_0000, value]));
  });

  it('keeps masked vectors pending', () => {
    const { fn, msi, at, messages } = setUp();
    fn.config.write(at + 2, 2, 0x21);
    fn.config.write(at + 16, 4, 0xffff_ffff);
    expect(fn.config.read(at + 16, 4)).toBe(0xf);
    msi.trigger(3);
    expect([messages, fn.config.read(at + 20, 4)]).toEqual([[], 8]);
    fn.config.write(at + 16, 4, 0);
    expect([messages, fn.config.read(at + 20, 4)]).toEqual([[[0x1_fee0_0000, 0x4043]], 0]);
  });
});

describe('a function', () => {
  it('has no message interrupts where nothing takes them', () => {
    const { bus } = createTestBus({ messages: undefined as never });
    const fn = bus.add('a', RICH);
    expect([fn.msi, fn.msix, walk(fn).map(([id]) => id)]).toEqual([undefined, undefined, [9, 0x10]]);
  });

  it('tells the device when it becomes a bus master, and when it ceases to', () => {
    const changes: boolean[] = [];
    const fn = createTestBus().bus.add('a', { ...PLAIN, busMasterChanged: (on) => void changes.push(on) });
    for (const command of [4, 6, 0, 4]) fn.config.write(COMMAND, 2, command);
    fn.reset();
    expect([changes, fn.busMaster]).toEqual([[true, false, true, false], false]);
  });

  const access = fc.record({
    offset: fc.oneof(fc.constantFrom(4, 0x10, 0x18, 0x1c, 0x20, 0x42, 0x4e), fc.nat(0x120), fc.nat(0xfff)),
    width: fc.constantFrom<AccessWidth[]>(1, 2, 4),
    value: fc.oneof(fc.constantFrom(0, 4, 6, 7, 0x8000, 0xffff_ffff, 0x1000_0000), fc.nat(0xffff_ffff)),
    trigger: fc.nat(4),
    pin: fc.boolean(),
  });

  it('survives any configuration, and restores it', () => {
    fc.assert(
      fc.property(fc.array(access, { maxLength: 60 }), (accesses) => {
        const { bus, messages } = createTestBus();
        const fn = bus.add('a', RICH);
        for (const { offset, width, value, trigger, pin } of accesses) {
          fn.config.write(offset, width, value % 2 ** (8 * width));
          const read = fn.config.read(offset, width);
          if (!Number.isInteger(read) || read < 0 || read >= 2 ** (8 * width)) throw new Error(`read gave ${read}`);
          fn.msix?.table.write(offset % 48, width, value % 2 ** (8 * width));
          fn.msix?.trigger(trigger);
          fn.msi?.trigger(trigger);
          fn.setPin(pin);
        }
        expect(messages.length).toBeLessThanOrEqual(accesses.length * 6);
        const saved = JSON.parse(JSON.stringify(fn.save())) as unknown;
        const other = createTestBus();
        const copy = other.bus.add('a', RICH);
        copy.decode(saved)();
        expect(copy.save()).toEqual(saved);
        expect(copy.status()).toEqual(fn.status());
        for (let at = 0; at < 0x110; at += 4) expect(copy.config.read(at, 4)).toBe(fn.config.read(at, 4));
        copy.reset();
        expect(copy.save()).toEqual(createTestBus().bus.add('a', RICH).save());
      }),
      { numRuns: 300 },
    );
  });

  it.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ['lacks a member', { config: undefined }],
    ['has a pin that is no boolean', { pin: 1 }],
    ['has a table of another size', { msix: { table: [0], pending: [0] } }],
    ['has pending vectors that do not exist', { msix: { table: new Array(12).fill(0), pending: [8] } }],
    ['has reserved bits in its table', { msix: { table: new Array(12).fill(2), pending: [0] } }],
    ['has pending MSI vectors that do not exist', { msi: [0x10] }],
  ])('refuses a state that %s', (_, wrong) => {
    const fn = createTestBus().bus.add('a', RICH);
    const saved = fn.save() as Readonly<Record<string, unknown>>;
    expect(() => fn.decode({ ...saved, ...wrong })).toThrow(expect.objectContaining({ code: 'vdev.state' }) as Error);
    expect(fn.save()).toEqual(saved);
  });
});
