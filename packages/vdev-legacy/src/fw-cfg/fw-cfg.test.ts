import { FW_CFG } from '@qvm/core/services';
import type { FirmwareConfiguration } from '@qvm/core/services';
import { createVdev, describeVdevContract, FakeDeviceTreeContext } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import * as fc from 'fast-check';
import { fakeAcpiContext } from '../ports/acpi-context.test.helper.js';
import { portBoard } from '../ports/port-board.test.helper.js';
import { fwCfg } from './type.js';

const DATA = 0;
const SELECTOR = 8;
const DMA_HIGH = 16;
const DMA_LOW = 20;
const RAM = 0x4000_0000;
const RAM_BYTES = 0x10000;
const DESCRIPTOR = RAM + 0x100;
const BUFFER = RAM + 0x1000;

const ERROR = 1;
const READ = 2;
const SKIP = 4;
const SELECT = 8;
const WRITE = 16;

const swap16 = (value: number): number => ((value & 0xff) << 8) | (value >>> 8);
const swap32 = (value: number): number => new DataView(Uint32Array.of(value).buffer).getUint32(0);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const configuration = ({ context }: VdevHarness): FirmwareConfiguration =>
  context.offers.get(FW_CFG.key) as FirmwareConfiguration;

function select({ write }: VdevHarness, key: number): void {
  write(SELECTOR, swap16(key), 2);
}

function readData({ read }: VdevHarness, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => read(DATA, 1));
}

/** Writes a descriptor, starts the transfer and returns the resulting control word. */
function dma(device: VdevHarness, control: number, length: number, address: number, at = DESCRIPTOR): number {
  const { memory } = device.context;
  const words = [control, length, Math.floor(address / 2 ** 32), address % 2 ** 32];
  words.forEach((word, index) => memory.writeU32(at + index * 4, swap32(word)));
  device.write(DMA_HIGH, swap32(Math.floor(at / 2 ** 32)));
  device.write(DMA_LOW, swap32(at % 2 ** 32));
  return swap32(memory.readU32(at));
}

describeVdevContract(fwCfg, {
  options: { item: ['opt/a:one', 'opt/b:two'] },
  change: (device) => {
    select(device, 0x20);
    readData(device, 2);
    device.write(DMA_HIGH, 1);
  },
});

const onPorts = { context: { board: portBoard } };
/** Offsets of ports. */
const Port = { selector: 0, data: 1, dmaHigh: 4, dmaLow: 8 } as const;
describeVdevContract(fwCfg, {
  ...onPorts,
  options: { item: 'opt/a:one' },
  change: (device) => {
    device.write(Port.selector, 0x20, 2);
    device.read(Port.data);
    device.write(Port.dmaHigh, 1, 4);
  },
});

describe('fw-cfg at the ports of PCs', () => {
  it('has a little-endian selector and data byte by byte', () => {
    const device = createVdev(fwCfg, { ...onPorts, options: { item: 'opt/x:abc' } });
    const bytes = (count: number): string => text(Uint8Array.from({ length: count }, () => device.read(Port.data)));
    expect(bytes(4)).toBe('QEMU');
    device.write(Port.selector, 0x20, 2);
    expect(bytes(4)).toBe('abc\0');
    // Neither a byte of the selector nor wide data are registers.
    device.write(Port.selector, 0, 1);
    expect([device.read(Port.selector), device.read(Port.data, 2)]).toEqual([0xff, 0xffff]);
    expect(device.vdev.status()).toMatchObject({ key: 0x20, position: 3 });
  });

  it('has DMA, big-endian', () => {
    const device = createVdev(fwCfg, { ...onPorts, options: { item: 'opt/x:hello' } });
    expect([device.read(Port.dmaHigh, 4), device.read(Port.dmaLow, 4)].map(swap32)).toEqual([0x5145_4d55, 0x2043_4647]);
    const { memory } = device.context;
    const words = [(0x20 << 16) | SELECT | READ, 5, 0, BUFFER];
    words.forEach((word, index) => memory.writeU32(DESCRIPTOR + index * 4, swap32(word)));
    device.write(Port.dmaHigh, 0, 4);
    device.write(Port.dmaLow, swap32(DESCRIPTOR), 4);
    expect([memory.readU32(DESCRIPTOR), text(memory.read(BUFFER, 5))]).toEqual([0, 'hello']);
  });

  it('is described by ACPI as on PCs of QEMU', () => {
    const { vdev, context } = createVdev(fwCfg, onPorts);
    expect([vdev.acpi?.(fakeAcpiContext()), vdev.deviceTree?.(new FakeDeviceTreeContext())]).toEqual([
      [
        {
          kind: 'device',
          device: {
            name: 'FWC0',
            values: {
              _HID: 'QEMU0002',
              _STA: 0x0b,
              _CRS: { resources: [{ kind: 'io', base: context.portBase['registers'], size: 12 }] },
            },
          },
        },
      ],
      [],
    ]);
  });

  it('never throws, whatever the accesses', () => {
    const access = fc.tuple(fc.boolean(), fc.nat({ max: 11 }), fc.constantFrom(1, 2, 4), fc.nat({ max: 0xffff_ffff }));
    fc.assert(
      fc.property(fc.array(access), (accesses) => {
        const device = createVdev(fwCfg, { ...onPorts, options: { item: 'opt/x:hello' } });
        for (const [write, offset, width, value] of accesses) {
          const limit = 2 ** (8 * width);
          if (write) device.write(offset, value % limit, width as 1 | 2 | 4);
          else expect(device.read(offset, width as 1 | 2 | 4)).toBeLessThan(limit);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('fw-cfg', () => {
  it('is found by Linux (drivers/firmware/qemu_fw_cfg.c): signature, features, directory', () => {
    const device = createVdev(fwCfg, { options: { item: ['opt/org.example/b:two', 'opt/org.example/a:one=1'] } });
    expect(text(readData(device, 4))).toBe('QEMU');
    select(device, 1);
    expect(device.read(DATA, 4)).toBe(3);
    select(device, 0x19);
    const directory = new DataView(readData(device, 4 + 2 * 64).buffer);
    expect(directory.getUint32(0)).toBe(2);
    const entries = [0, 1].map((index) => {
      const at = 4 + index * 64;
      const name = text(new Uint8Array(directory.buffer, at + 8, 56)).replace(/\0+$/, '');
      return [name, directory.getUint32(at), directory.getUint16(at + 4)];
    });
    expect(entries).toEqual([
      ['opt/org.example/a', 5, 0x21],
      ['opt/org.example/b', 3, 0x20],
    ]);
    select(device, 0x21);
    expect(text(readData(device, 5))).toBe('one=1');
  });

  it('keeps the order of bytes at all widths, and gives zeros after the end', () => {
    const device = createVdev(fwCfg, { options: { item: ['opt/x:abcdef'] } });
    select(device, 0x20);
    expect([device.read(DATA, 4), device.read(4, 2), device.read(DATA, 4)]).toEqual([0x6463_6261, 0x6665, 0]);
    select(device, 0x7777);
    expect(device.read(DATA, 4)).toBe(0);
  });

  it('shows that it has DMA', () => {
    const device = createVdev(fwCfg);
    expect([swap32(device.read(DMA_HIGH)), swap32(device.read(DMA_LOW))]).toEqual([0x5145_4d55, 0x2043_4647]);
  });

  it('is described as on the virt board', () => {
    expect(createVdev(fwCfg).vdev.deviceTree?.(new FakeDeviceTreeContext())).toEqual([
      {
        name: 'fw-cfg@9020000',
        properties: {
          compatible: 'qemu,fw-cfg-mmio',
          reg: { cells: [0, 0x0902_0000, 0, 0x18] },
          'dma-coherent': true,
        },
      },
    ]);
  });

  it('refuses files that cannot be', () => {
    const device = createVdev(fwCfg, { options: { item: ['opt/x:1'] } });
    const bytes = new Uint8Array(1);
    for (const name of ['', 'opt/x', 'with space', 'x'.repeat(56), 'ä']) {
      expect(() => configuration(device).addFile({ name, bytes })).toThrow(
        expect.objectContaining({ code: 'fw-cfg.file' }) as Error,
      );
    }
    expect(() => createVdev(fwCfg, { options: { item: ['no colon'] } })).toThrow(/NAME:TEXT/);
  });
});

describe('fw-cfg DMA', () => {
  it('selects and reads, with zeros after the end', () => {
    const device = createVdev(fwCfg, { options: { item: ['opt/x:hello'] } });
    const { memory } = device.context;
    memory.bytes.fill(0xee);
    expect(dma(device, (0x20 << 16) | SELECT | READ, 8, BUFFER)).toBe(0);
    expect([...memory.read(BUFFER - 1, 10)]).toEqual([0xee, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0, 0, 0, 0xee]);
  });

  it('skips, and goes on where it was', () => {
    const device = createVdev(fwCfg, { options: { item: ['opt/x:hello'] } });
    dma(device, (0x20 << 16) | SELECT | SKIP, 2, 0);
    expect(dma(device, READ, 2, BUFFER)).toBe(0);
    expect(text(device.context.memory.read(BUFFER, 2))).toBe('ll');
    expect(text(readData(device, 1))).toBe('o');
  });

  it('writes into files that allow it, within their size, and tells', () => {
    const device = createVdev(fwCfg, { options: { item: ['opt/fixed:text'] } });
    const bytes = new Uint8Array(4);
    let told = 0;
    configuration(device).addFile({ name: 'etc/open', bytes, written: () => told++ });
    device.context.memory.write(BUFFER, new TextEncoder().encode('abcdef'));
    expect(dma(device, (0x21 << 16) | SELECT | WRITE, 4, BUFFER)).toBe(0);
    expect([text(bytes), told]).toEqual(['abcd', 1]);
    expect(dma(device, (0x21 << 16) | SELECT | WRITE, 5, BUFFER)).toBe(ERROR);
    expect(dma(device, (0x20 << 16) | SELECT | WRITE, 1, BUFFER)).toBe(ERROR);
    expect([text(bytes), told]).toEqual(['abcd', 1]);
  });

  it.each([
    ['a buffer below RAM', RAM - 4, 8],
    ['a buffer beyond RAM', RAM + RAM_BYTES - 4, 8],
    ['a length of 4 GiB', RAM, 0xffff_ffff],
    ['an address beyond all', 2 ** 63, 8],
  ])('answers %s with an error', (_what, address, length) => {
    const device = createVdev(fwCfg, { options: { item: ['opt/x:hello'] } });
    expect(dma(device, (0x20 << 16) | SELECT | READ, length, address)).toBe(ERROR);
  });

  it('ignores a descriptor that is not in RAM', () => {
    const device = createVdev(fwCfg);
    for (const [high, low] of [
      [0, 0],
      [0, RAM + RAM_BYTES - 8],
      [0xffff_ffff, RAM],
    ] as const) {
      device.write(DMA_HIGH, swap32(high));
      device.write(DMA_LOW, swap32(low));
    }
  });

  it('never throws and never writes elsewhere, whatever the descriptor', () => {
    const word = fc.oneof(fc.nat({ max: 0xffff_ffff }), fc.nat({ max: 0x40 }), fc.constantFrom(RAM, BUFFER));
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (words) => {
        const device = createVdev(fwCfg, { options: { item: ['opt/x:hello'] } });
        const { memory } = device.context;
        words.forEach((value, index) => memory.writeU32(DESCRIPTOR + index * 4, swap32(value)));
        const before = memory.bytes.slice();
        device.write(DMA_LOW, swap32(DESCRIPTOR));
        const [control, length, high, low] = words;
        const writes = (control & READ) !== 0 && high === 0;
        for (let index = 0; index < RAM_BYTES; index++) {
          const address = RAM + index;
          const allowed =
            (address >= DESCRIPTOR && address < DESCRIPTOR + 4) || (writes && address >= low && address < low + length);
          if (!allowed && memory.bytes[index] !== before[index]) throw new Error(`wrote at ${address.toString(16)}`);
        }
      }),
      { numRuns: 50 },
    );
  });
});

it('has the number of processors, which SeaBIOS waits for', () => {
  const device = createVdev(fwCfg, { context: { vcpus: 4 } });
  for (const key of [0x05, 0x0f]) {
    select(device, key);
    expect([...readData(device, 3)]).toEqual([4, 0, 0]);
  }
});

it('gives a file that is put again its new contents, under the same key', () => {
  const device = createVdev(fwCfg, { options: { item: ['opt/a:one'] } });
  const put = (name: string, bytes: number[]) => configuration(device).putFile({ name, bytes: Uint8Array.from(bytes) });
  put('etc/e820', [1, 2]);
  put('etc/e820', [3, 4, 5]);
  select(device, 0x21);
  expect([...readData(device, 4)]).toEqual([3, 4, 5, 0]);
  expect(device.vdev.status().files).toEqual(['opt/a', 'etc/e820']);
  expect(() => configuration(device).addFile({ name: 'etc/e820', bytes: Uint8Array.of(1) })).toThrow('already');
  expect(() => put('', [1])).toThrow('no name');
});
