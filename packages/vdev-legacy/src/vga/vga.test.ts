import { pc, virt } from '@qvm/boards';
import { BOOT_SCREEN, DISPLAY, type Display, type DisplayImage } from '@qvm/core/services';
import type { AccessWidth } from '@qvm/core/vdev';
import { PCI_BUS, PciBus, type PciFunction } from '@qvm/pci';
import { createVdev, describeVdevContract, FakeInterruptLine, FakeMemoryWindow } from '@qvm/testing';
import type { FakeVdevContext, VdevHarness } from '@qvm/testing';
import * as fc from 'fast-check';
import { Dispi } from './dispi.js';
import { vga } from './type.js';

const MIB = 0x10_0000;
const BUS_WINDOW = 0xc000_0000;

const attachBus = (context: FakeVdevContext): void => {
  const connectPin = (): FakeInterruptLine => new FakeInterruptLine(16);
  context.attach(PCI_BUS, new PciBus({ memory32: new FakeMemoryWindow(BUS_WINDOW, 0x1000_0000), connectPin }));
};
const setup = { context: { board: pc }, prepare: attachBus, options: { memory: '1M' } };
const create = (): VdevHarness => createVdev(vga, setup);
const functionOf = ({ context }: VdevHarness): PciFunction | undefined =>
  context.attachment(PCI_BUS).functionAt({ slot: 0, fn: 0 });
const frameBuffer = ({ context }: VdevHarness): Uint8Array => context.ownMemory('frame-buffer').bytes;
const capture = ({ context }: VdevHarness): DisplayImage | undefined =>
  (context.offers.get(DISPLAY.key) as Display).capture();

/** Ports of the VGA, by their address. */
const port = (number: number): number => number - 0x3b0;
const outb = ({ write }: VdevHarness, number: number, value: number): void => write(port(number), value, 1, 'vga');
const inb = ({ read }: VdevHarness, number: number): number => read(port(number), 1, 'vga');
/** Sets a register that is reached by an index. */
const setIndexed = (device: VdevHarness, number: number, index: number, value: number): void =>
  device.write(port(number), index | (value << 8), 2, 'vga');
const dispi = ({ write }: VdevHarness, register: number, value: number): void => {
  write(0, register, 2, 'dispi');
  write(1, value, 2, 'dispi');
};
const readDispi = ({ write, read }: VdevHarness, register: number): number => {
  write(0, register, 2, 'dispi');
  return read(1, 2, 'dispi');
};
const text = (device: VdevHarness): readonly string[] => device.vdev.status()['text'] as readonly string[];

/** Offset of B8000h in the window. */
const TEXT = 0x1_8000;
const print = ({ write }: VdevHarness, row: number, words: string, attribute = 7): void => {
  Array.from(words).forEach((character, column) =>
    write(TEXT + (row * 80 + column) * 2, character.charCodeAt(0) | (attribute << 8), 2, 'window'),
  );
};

function setMode(device: VdevHarness, width: number, height: number, bits: number, enable = 0x41): void {
  dispi(device, Dispi.enable, 0);
  dispi(device, Dispi.width, width);
  dispi(device, Dispi.height, height);
  dispi(device, Dispi.bits, bits);
  dispi(device, Dispi.enable, enable);
}

describeVdevContract(vga, {
  ...setup,
  change: (device) => {
    print(device, 3, 'changed');
    outb(device, 0x3c8, 7);
    outb(device, 0x3c9, 9);
    setMode(device, 640, 400, 16);
    frameBuffer(device).fill(0x5a, 0x3000, 0x3010);
    functionOf(device)?.config.write(4, 2, 0);
  },
});
describe('on a machine without I/O ports', () => {
  describeVdevContract(vga, {
    ...setup,
    context: { board: virt },
    change: (device) => frameBuffer(device).fill(1, 0, 5),
  });
});

describe('vga as a PCI function', () => {
  it('is known by the driver bochs: identity, a frame buffer in BAR 0, registers in BAR 2', () => {
    const device = create();
    const fn = functionOf(device);
    expect([fn?.spec.vendorId, fn?.spec.deviceId, fn?.spec.classCode]).toEqual([0x1234, 0x1111, 0x03_00_00]);
    expect(fn?.spec.bars?.map(({ index, size }) => [index, size])).toEqual([
      [0, MIB],
      [2, 0x1000],
    ]);
    const registers = fn?.spec.bars?.[1]?.handler;
    registers?.write(0x500 + 2 * Dispi.width, 2, 800);
    expect([registers?.read(0x500, 2), registers?.read(0x514, 2), readDispi(device, Dispi.width)]).toEqual([
      0xb0c5,
      MIB / 0x1_0000,
      800,
    ]);
    // Sequencer, by ports 3C4h and 3C5h.
    registers?.write(0x404, 2, 0x0502);
    outb(device, 0x3c4, 2);
    expect([inb(device, 0x3c5), registers?.read(0x405, 1)]).toEqual([5, 5]);
    expect([registers?.read(0, 4), registers?.read(0x500, 4), registers?.read(0x41e, 4)]).toEqual([0, 0, 0]);
  });

  it('has no VGA where there are no I/O ports', () => {
    const device = createVdev(vga, { ...setup, context: { board: virt } });
    expect([functionOf(device)?.spec.classCode, device.vdev.ports, device.context.windows.size]).toEqual([
      0x03_80_00,
      {},
      0,
    ]);
    expect([capture(device), device.vdev.status()['mode'], device.context.offers.has(BOOT_SCREEN.key)]).toEqual([
      undefined,
      'graphics',
      false,
    ]);
  });

  it('has a frame buffer of a power of two', () => {
    expect(() => createVdev(vga, { ...setup, options: { memory: '3M' } })).toThrow('it is a power of two');
  });
});

describe('the text screen', () => {
  it('is there after power-on, for a guest without firmware', () => {
    const device = create();
    expect(device.vdev.status()).toMatchObject({ mode: 'text', columns: 80, rows: 25 });
    expect(device.context.offers.get(BOOT_SCREEN.key)).toEqual({
      kind: 'text',
      columns: 80,
      rows: 25,
      characterHeight: 16,
    });
  });

  it('shows characters at B8000h, from the start address on', () => {
    const device = create();
    print(device, 0, 'first line');
    print(device, 2, 'third \u00c4 \u00c9');
    expect(text(device).slice(0, 3)).toEqual(['first line', '', 'third ─ ╔']);
    expect(device.read(TEXT, 2, 'window')).toBe(0x0766);
    setIndexed(device, 0x3d4, 0x0d, 160);
    expect(text(device)[0]).toBe('third ─ ╔');
  });

  it('is drawn in the colours of the palette', () => {
    const device = create();
    print(device, 0, '\u00db', 0x04);
    print(device, 1, ' ', 0x20);
    const image = capture(device);
    expect([image?.width, image?.height]).toEqual([640, 400]);
    const pixel = (x: number, y: number): readonly number[] =>
      [...(image?.rgba.subarray((y * 640 + x) * 4) ?? [])].slice(0, 4);
    expect([pixel(0, 0), pixel(8, 0), pixel(0, 16)]).toEqual([
      [0xaa, 0, 0, 0xff],
      [0, 0, 0, 0xff],
      [0, 0xaa, 0, 0xff],
    ]);
  });

  it('draws each character of ASCII in its own way', () => {
    const device = create();
    const all = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index));
    print(device, 0, all.slice(0, 80).join(''));
    print(device, 1, all.slice(80).join(''));
    const { rgba } = capture(device) as DisplayImage;
    const glyphs = all.map((_, index) => {
      const [left, top] = [(index % 80) * 8, Math.floor(index / 80) * 16];
      return Array.from({ length: 128 }, (_unused, at) => rgba[((top + (at >> 3)) * 640 + left + (at & 7)) * 4]).join();
    });
    expect(new Set(glyphs).size).toBe(95);
  });
});

describe('the memory of the VGA', () => {
  const graphics = (device: VdevHarness, index: number, value: number): void => setIndexed(device, 0x3ce, index, value);
  /** 16 colours, four planes, at A0000h. */
  const planar = (): VdevHarness => {
    const device = create();
    setIndexed(device, 0x3c4, 2, 0xf);
    setIndexed(device, 0x3c4, 4, 6);
    graphics(device, 5, 0);
    graphics(device, 6, 5);
    return device;
  };
  const readPlanes = (device: VdevHarness, offset: number): readonly number[] =>
    [0, 1, 2, 3].map((plane) => {
      graphics(device, 4, plane);
      return device.read(offset, 1, 'window');
    });
  const put = (device: VdevHarness, offset: number, value: number): void => device.write(offset, value, 1, 'window');

  it('writes to the planes of the mask (write mode 0), and sets planes to a colour', () => {
    const device = planar();
    setIndexed(device, 0x3c4, 2, 0b0101);
    put(device, 7, 0xa5);
    expect(readPlanes(device, 7)).toEqual([0xa5, 0, 0xa5, 0]);
    setIndexed(device, 0x3c4, 2, 0xf);
    graphics(device, 0, 0b0011);
    graphics(device, 1, 0b1010);
    put(device, 8, 0x0f);
    expect(readPlanes(device, 8)).toEqual([0x0f, 0xff, 0x0f, 0]);
  });

  it('turns, combines with the latch, and keeps bits of the latch', () => {
    const device = planar();
    put(device, 0, 0b1100_1010);
    device.read(0, 1, 'window');
    graphics(device, 3, 0x18 | 4); // XOR, turned by 4
    put(device, 1, 0xf0);
    expect(readPlanes(device, 1)[0]).toBe(0b1100_1010 ^ 0x0f);
    graphics(device, 3, 0);
    graphics(device, 8, 0x0f);
    device.read(0, 1, 'window');
    put(device, 2, 0x55);
    expect(readPlanes(device, 2)[3]).toBe(0b1100_0101);
  });

  it('copies the latch (1), fills with a colour (2), and writes a colour through a mask (3)', () => {
    const device = planar();
    [1, 2, 4, 8].forEach((mask, plane) => {
      setIndexed(device, 0x3c4, 2, mask);
      put(device, 0, 0x10 + plane);
    });
    setIndexed(device, 0x3c4, 2, 0xf);
    graphics(device, 5, 1);
    device.read(0, 1, 'window');
    put(device, 9, 0xee);
    expect(readPlanes(device, 9)).toEqual([0x10, 0x11, 0x12, 0x13]);
    graphics(device, 5, 2);
    put(device, 10, 0b0110);
    expect(readPlanes(device, 10)).toEqual([0, 0xff, 0xff, 0]);
    graphics(device, 5, 3);
    graphics(device, 0, 0b1000);
    device.read(11, 1, 'window');
    put(device, 11, 0x3c);
    expect(readPlanes(device, 11)).toEqual([0, 0, 0, 0x3c]);
  });

  it('compares colours (read mode 1)', () => {
    const device = planar();
    graphics(device, 5, 2);
    graphics(device, 8, 0xf0);
    put(device, 0, 0b0101);
    graphics(device, 5, 8);
    graphics(device, 2, 0b0101);
    graphics(device, 7, 0xf);
    expect(device.read(0, 1, 'window')).toBe(0xf0);
    graphics(device, 7, 0b1010);
    expect(device.read(0, 1, 'window')).toBe(0xff);
  });

  it('is linear with chained planes, and absent where the registers do not map it', () => {
    const device = planar();
    setIndexed(device, 0x3c4, 4, 0xe);
    device.write(0x100, 0x0403_0201, 4, 'window');
    expect([device.read(0x100, 4, 'window'), device.read(0x1_8000, 1, 'window')]).toEqual([0x0403_0201, 0xff]);
    outb(device, 0x3c2, 0x65);
    expect(device.read(0x100, 1, 'window')).toBe(0xff);
  });
});

describe('a graphics mode', () => {
  /** Registers of the CRT controller that decide on the picture. */
  const setPicture = (device: VdevHarness, lines: number, scan: number): void => {
    setIndexed(device, 0x3d4, 0x11, 0x0e);
    setIndexed(device, 0x3d4, 0x07, 0x1d | (((lines - 1) & 0x100) >> 7) | (((lines - 1) & 0x200) >> 3));
    setIndexed(device, 0x3d4, 0x12, (lines - 1) & 0xff);
    setIndexed(device, 0x3d4, 0x09, scan);
    setIndexed(device, 0x3ce, 6, 5);
  };
  const pixel = (image: DisplayImage | undefined, x: number, y: number): readonly number[] =>
    [...(image?.rgba ?? [])].slice((y * (image?.width ?? 0) + x) * 4, (y * (image?.width ?? 0) + x) * 4 + 3);

  it('of 320 × 200 pixels has 256 colours of the palette (mode 13h)', () => {
    const device = create();
    setPicture(device, 400, 0x41);
    setIndexed(device, 0x3c4, 2, 0xf);
    setIndexed(device, 0x3c4, 4, 0xe);
    setIndexed(device, 0x3ce, 5, 0x40);
    outb(device, 0x3c8, 200);
    for (const value of [0x3f, 0x20, 0]) outb(device, 0x3c9, value);
    device.write(320 * 7 + 5, 200, 1, 'window');
    const image = capture(device);
    expect([image?.width, image?.height, device.vdev.status()['mode']]).toEqual([320, 200, 'graphics']);
    expect([pixel(image, 5, 7), pixel(image, 4, 7)]).toEqual([
      [0xff, 0x82, 0],
      [0, 0, 0],
    ]);
  });

  it('of 640 × 480 pixels has 16 colours of four planes (mode 12h)', () => {
    const device = create();
    setPicture(device, 480, 0x40);
    setIndexed(device, 0x3c4, 4, 6);
    setIndexed(device, 0x3ce, 5, 0);
    setIndexed(device, 0x3c4, 2, 0b0110);
    device.write(80 * 479 + 79, 0x01, 1, 'window');
    const image = capture(device);
    expect([image?.width, image?.height]).toEqual([640, 480]);
    // Colour 6, which the attribute controller makes 14h: brown.
    expect([pixel(image, 639, 479), pixel(image, 638, 479)]).toEqual([
      [0xaa, 0x55, 0],
      [0, 0, 0],
    ]);
  });
});

describe('the registers', () => {
  it('keep the CRT controller as it is while it is protected, and have it at one of two ports', () => {
    const device = create();
    setIndexed(device, 0x3d4, 1, 0x27);
    outb(device, 0x3d4, 1);
    expect([inb(device, 0x3d5), inb(device, 0x3b5)]).toEqual([0x4f, 0xff]);
    setIndexed(device, 0x3d4, 0x11, 0x0e);
    setIndexed(device, 0x3d4, 1, 0x27);
    outb(device, 0x3d4, 1);
    expect(inb(device, 0x3d5)).toBe(0x27);
    outb(device, 0x3c2, 0x66);
    expect([inb(device, 0x3b5), inb(device, 0x3d5)]).toEqual([0x27, 0xff]);
  });

  it('take index and data of the attribute controller in turn; reading the status begins anew', () => {
    const device = create();
    inb(device, 0x3da);
    for (const value of [0x25, 0x3f, 0x26]) outb(device, 0x3c0, value);
    inb(device, 0x3da);
    for (const value of [0x25, 0x1f]) outb(device, 0x3c0, value);
    outb(device, 0x3c0, 0x25);
    expect(inb(device, 0x3c1)).toBe(0x1f);
    expect([inb(device, 0x3da), inb(device, 0x3da)].sort()).toEqual([0, 9]);
  });

  it('read and write the palette, three bytes a colour', () => {
    const device = create();
    outb(device, 0x3c8, 255);
    for (const value of [1, 2, 0xff, 4]) outb(device, 0x3c9, value);
    outb(device, 0x3c7, 255);
    expect([inb(device, 0x3c7), ...[0, 0, 0, 0].map(() => inb(device, 0x3c9))]).toEqual([3, 1, 2, 0x3f, 4]);
  });

  it('never throw, and no picture is outside of the memory, whatever a guest writes', () => {
    const range = fc.constantFrom<readonly [string, number]>(['vga', 0x30], ['dispi', 3], ['window', 0x2_0000]);
    const access = fc.tuple(range, fc.nat(), fc.constantFrom(1, 2, 4), fc.nat({ max: 0xffff_ffff }), fc.boolean());
    fc.assert(
      fc.property(fc.array(access, { maxLength: 60 }), (accesses) => {
        const device = create();
        for (const [[name, size], at, width, value, isWrite] of accesses) {
          const offset = at % (size - width + 1 || 1);
          const limit = 2 ** (8 * width);
          if (isWrite) device.write(offset, value % limit, width as AccessWidth, name);
          else expect(device.read(offset, width as AccessWidth, name)).toBeLessThan(limit);
        }
        const image = capture(device);
        if (image !== undefined) expect(image.rgba).toHaveLength(image.width * image.height * 4);
        device.vdev.status();
      }),
      { numRuns: 100 },
    );
  });
});

describe('the linear frame buffer', () => {
  it.each([
    [32, [0x10, 0x20, 0x30, 0], [0x30, 0x20, 0x10]],
    [24, [0x10, 0x20, 0x30], [0x30, 0x20, 0x10]],
    [16, [0x1f, 0xf8], [0xff, 0, 0xff]],
    [15, [0xe0, 0x03], [0, 0xff, 0]],
    [8, [4], [0xaa, 0, 0]],
  ])('has pixels of %i bits', (bits, bytes, colour) => {
    const device = create();
    setMode(device, 64, 16, bits);
    frameBuffer(device).set(bytes, (64 * 3 + 5) * bytes.length);
    const image = capture(device);
    expect([image?.width, image?.height]).toEqual([64, 16]);
    expect([...(image?.rgba.subarray((64 * 3 + 5) * 4, (64 * 3 + 6) * 4) ?? [])]).toEqual([...colour, 0xff]);
  });

  it('is cleared by a mode, unless it is to be kept', () => {
    const device = create();
    frameBuffer(device)[9] = 1;
    setMode(device, 64, 16, 32, 0xc1);
    expect(frameBuffer(device)[9]).toBe(1);
    setMode(device, 64, 16, 32);
    expect(frameBuffer(device)[9]).toBe(0);
  });

  it('can be larger than the picture, which moves in it', () => {
    const device = create();
    setMode(device, 64, 16, 32);
    dispi(device, Dispi.virtualWidth, 128);
    dispi(device, Dispi.x, 3);
    dispi(device, Dispi.y, 2);
    frameBuffer(device)[(2 * 128 + 3) * 4] = 0xff;
    expect([...(capture(device)?.rgba.subarray(0, 4) ?? [])]).toEqual([0, 0, 0xff, 0xff]);
    expect(readDispi(device, Dispi.virtualHeight)).toBe(MIB / 512);
  });

  it('tells what it can, and shows the text screen instead of a mode that it has no memory for', () => {
    const device = create();
    dispi(device, Dispi.enable, 2);
    expect([Dispi.width, Dispi.height, Dispi.bits].map((register) => readDispi(device, register))).toEqual([
      16_000, 12_000, 32,
    ]);
    setMode(device, 1024, 768, 32);
    expect([capture(device)?.width, device.vdev.status()['mode']]).toEqual([640, 'text']);
  });
});
