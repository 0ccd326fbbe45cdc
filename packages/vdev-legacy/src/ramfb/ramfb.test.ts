import { DISPLAY, FW_CFG, RAM_RESERVATIONS } from '@qvm/core/services';
import type { Display, FirmwareFile, RamReservations } from '@qvm/core/services';
import { createVdev, describeVdevContract, FakeDeviceTreeContext, FakeGuestMemory } from '@qvm/testing';
import type { CreateVdevOptions, VdevHarness } from '@qvm/testing';
import * as fc from 'fast-check';
import { ramfb } from './type.js';
import { parseMode } from './mode.js';
import { PIXEL_FORMATS } from './pixel-format.js';

const RAM = 0x4000_0000;
const RAM_BYTES = 0x10_0000;
const TOP = RAM + RAM_BYTES;

interface Setup {
  readonly setup: CreateVdevOptions;
  readonly file: () => FirmwareFile;
}

function surroundings(framebuffer = '64x48', firmware = true): Setup {
  const files: FirmwareFile[] = [];
  const reservations: RamReservations = {
    all: [],
    reserve: (name, size, alignment) => ({ name, size, base: Math.floor((TOP - size) / alignment) * alignment }),
  };
  const file = (): FirmwareFile => {
    const last = files.at(-1);
    if (last === undefined) throw new Error('no file was added');
    return last;
  };
  return {
    file,
    setup: {
      options: { framebuffer },
      context: { memory: new FakeGuestMemory(RAM_BYTES, RAM) },
      prepare: (context) => {
        context.attach(RAM_RESERVATIONS, reservations);
        if (firmware)
          context.attach(FW_CFG, {
            addFile: (added) => void files.push(added),
            putFile: (added) => void files.push(added),
          });
      },
    },
  };
}

interface Configuration {
  readonly address: number;
  readonly fourcc: string;
  readonly width: number;
  readonly height: number;
  readonly stride: number;
}

function encode({ address, fourcc, width, height, stride }: Configuration): Uint8Array {
  const view = new DataView(new ArrayBuffer(28));
  view.setBigUint64(0, BigInt(address));
  [...fourcc].forEach((character, index) => view.setUint8(11 - index, character.charCodeAt(0)));
  view.setUint32(16, width);
  view.setUint32(20, height);
  view.setUint32(24, stride);
  return new Uint8Array(view.buffer);
}

function configure(file: FirmwareFile, bytes: Uint8Array): void {
  file.bytes.set(bytes);
  file.written?.();
}

const display = ({ context }: VdevHarness): Display => context.offers.get(DISPLAY.key) as Display;
const GOOD: Configuration = { address: RAM, fourcc: 'XR24', width: 2, height: 2, stride: 16 };

const contract = surroundings();
describeVdevContract(ramfb, { ...contract.setup, change: () => configure(contract.file(), encode(GOOD)) });

describe('ramfb of the board', () => {
  it('is described as a simple frame buffer, and captured', () => {
    const fb = createVdev(ramfb, surroundings('64x48-rgb565').setup);
    const [node] = fb.vdev.deviceTree?.(new FakeDeviceTreeContext()) ?? [];
    const address = TOP - 0x1_0000;
    expect(node).toEqual({
      name: `framebuffer@${address.toString(16)}`,
      properties: {
        compatible: 'simple-framebuffer',
        reg: { cells: [0, address, 0, 64 * 48 * 2] },
        width: { cells: [64] },
        height: { cells: [48] },
        stride: { cells: [128] },
        format: 'r5g6b5',
      },
    });
    fb.context.memory.writeU16(address + 128 + 2, 0xf81f);
    const image = display(fb).capture();
    expect([image?.width, image?.height]).toEqual([64, 48]);
    expect([...(image?.rgba.subarray((64 + 1) * 4, (64 + 2) * 4) ?? [])]).toEqual([255, 0, 255, 255]);
  });

  it.each(['', '800', '800x', '0x600', '800x16385', '800x600-', '800x600-xbgr8888', '800x600-rgb', '-1x1', '1e3x5'])(
    'refuses the mode %j',
    (text) => {
      expect(() => parseMode(text)).toThrow(expect.objectContaining({ code: 'display.mode' }) as Error);
    },
  );

  it('needs a way to get a picture', () => {
    expect(() => createVdev(ramfb, surroundings('none', false).setup)).toThrow(/fw-cfg/);
    const fb = createVdev(ramfb, surroundings('none').setup);
    expect([display(fb).capture(), fb.vdev.deviceTree?.(new FakeDeviceTreeContext())]).toEqual([undefined, []]);
  });
});

describe('ramfb of the guest', () => {
  it('takes the place of the board’s until the reset', () => {
    const { setup, file } = surroundings();
    const fb = createVdev(ramfb, setup);
    configure(file(), encode(GOOD));
    fb.context.memory.writeU32(RAM + 16, 0x0012_3456);
    expect(display(fb).capture()).toEqual({
      width: 2,
      height: 2,
      rgba: Uint8Array.of(0, 0, 0, 255, 0, 0, 0, 255, 0x12, 0x34, 0x56, 255, 0, 0, 0, 255),
    });
    expect(fb.vdev.status()).toMatchObject({ source: 'guest', width: 2, stride: 16, format: 'xrgb8888' });
    fb.vdev.reset();
    expect(fb.vdev.status()).toMatchObject({ source: 'board', width: 64 });
  });

  it('takes rows without gaps for a stride of 0', () => {
    const { setup, file } = surroundings('none');
    const fb = createVdev(ramfb, setup);
    configure(file(), encode({ ...GOOD, stride: 0 }));
    expect(fb.vdev.status()).toMatchObject({ stride: 8 });
  });

  it.each([
    ['a picture beyond RAM', { address: TOP - 8 }],
    ['a picture below RAM', { address: 0 }],
    ['an address of 64 bits', { address: 2 ** 63 }],
    ['no width', { width: 0 }],
    ['too many rows', { height: 16_385 }],
    ['rows that overlap', { stride: 7 }],
    ['an unknown format', { fourcc: 'NV12' }],
  ])('shows nothing of %s, and says so', (_what, change) => {
    const { setup, file } = surroundings('none');
    const fb = createVdev(ramfb, setup);
    configure(file(), encode({ ...GOOD, ...change }));
    expect(display(fb).capture()).toBeUndefined();
    expect(fb.vdev.status()).toMatchObject({ source: null, problem: expect.any(String) as string });
  });

  it('survives any configuration', () => {
    const { setup, file } = surroundings('none');
    const fb = createVdev(ramfb, setup);
    const small = fc.nat({ max: 300 });
    const configurations = fc.oneof(
      fc.uint8Array({ minLength: 28, maxLength: 28 }),
      fc
        .record({
          address: fc.integer({ min: RAM - 100, max: TOP + 100 }),
          fourcc: fc.constantFrom(...PIXEL_FORMATS.map((format) => format.fourcc)),
          width: small,
          height: small,
          stride: fc.nat({ max: 2000 }),
        })
        .map(encode),
    );
    fc.assert(
      fc.property(configurations, (bytes) => {
        configure(file(), bytes);
        const image = display(fb).capture();
        if (image !== undefined) expect(image.rgba).toHaveLength(image.width * image.height * 4);
      }),
    );
  });
});

describe('pixel formats', () => {
  /** Full red, no green, about half of blue, in the bits of each format. */
  it.each([
    ['xrgb8888', [0x80, 0x00, 0xff, 0x00], [255, 0, 128]],
    ['argb8888', [0x80, 0x00, 0xff, 0x77], [255, 0, 128]],
    ['xbgr8888', [0xff, 0x00, 0x80, 0x00], [255, 0, 128]],
    ['abgr8888', [0xff, 0x00, 0x80, 0x00], [255, 0, 128]],
    ['rgb888', [0x80, 0x00, 0xff], [255, 0, 128]],
    ['rgb565', [0x10, 0xf8], [255, 0, 132]],
    ['xrgb1555', [0x10, 0x7c], [255, 0, 132]],
  ])('%s', (name, pixel, expected) => {
    const format = PIXEL_FORMATS.find((known) => known.name === name);
    const { setup, file } = surroundings('none');
    const fb = createVdev(ramfb, setup);
    fb.context.memory.write(RAM, Uint8Array.from(pixel));
    configure(file(), encode({ ...GOOD, fourcc: format?.fourcc ?? '', width: 1, height: 1, stride: 0 }));
    expect([...(display(fb).capture()?.rgba ?? [])]).toEqual([...expected, 255]);
  });
});
