import { BLOCK_STORE } from '@qvm/core/services';
import { PCI_BUS, PciBus } from '@qvm/pci';
import type { FakeGuestMemory } from '@qvm/testing';
import {
  createVdev,
  describeVdevContract,
  FakeInterruptLine,
  FakeMemoryWindow,
  MemoryBlockBackend,
  MockVirtioDriver,
  VirtioFeature,
  VirtioMmio,
  VirtioStatus,
  type FakeVdevContext,
} from '@qvm/testing';
import type { Board } from '@qvm/core/board';
import { virt } from '@qvm/boards';
import { virtioBlk } from '../blk/type.js';
import { virtioConsole } from '../console/type.js';
import { F_TEST, TEST_QUEUE_SIZE, testDeviceType, type TestDevice } from '../device/test-device.test.helper.js';
import { virtioEntropy } from '../entropy/type.js';
import { virtioNet } from '../net/type.js';
import { virtioVdev } from '../virtio-vdev.js';
import { BUS_MASTER, COMMAND, createPciDevice, type PciDevice } from './pci-driver.test.helper.js';

const { DriverOk, NeedsReset } = VirtioStatus;
const ALL = F_TEST | VirtioFeature.Version1 | VirtioFeature.RingIndirectDesc | VirtioFeature.RingEventIdx;
/** Without the event index, every used buffer interrupts. */
const PLAIN_FEATURES = ALL & ~VirtioFeature.RingEventIdx;
const MSIX_TABLE = 0x4000;
const MSIX_PENDING = 0x5000;
/** In the common configuration. */
const CONFIG_VECTOR = 0x10;
const QUEUE_SELECT = 0x16;
const QUEUE_VECTOR = 0x1a;

interface Setup {
  readonly pci: PciDevice;
  readonly device: TestDevice;
  readonly driver: MockVirtioDriver;
}

function setUp(
  options: Readonly<Record<string, unknown>> = {},
  features = PLAIN_FEATURES,
  memory?: FakeGuestMemory,
): Setup {
  let device: TestDevice | undefined;
  const factory = virtioVdev(testDeviceType((made) => (device = made)));
  const pci = createPciDevice(factory, {
    options: options as Readonly<Record<string, string>>,
    ...(memory === undefined ? {} : { context: { memory } }),
  });
  const driver = new MockVirtioDriver(pci, { features, packed: options['packed'] === true });
  return { pci, device: device as unknown as TestDevice, driver };
}

/** The offset of the MSI-X control register. */
const MSIX_CONTROL = 0x42;

function enableMsix({ pci }: Setup, vectors: Readonly<Record<number, number>>, config?: number): void {
  for (let vector = 0; vector < 3; vector++) {
    pci.bar.write(MSIX_TABLE + vector * 16, 0xfee0_0000, 4);
    pci.bar.write(MSIX_TABLE + vector * 16 + 8, 0x40 + vector, 4);
    pci.bar.write(MSIX_TABLE + vector * 16 + 12, 0, 4);
  }
  pci.fn.config.write(MSIX_CONTROL, 2, 0x8000);
  for (const [queue, vector] of Object.entries(vectors)) {
    pci.bar.write(QUEUE_SELECT, Number(queue), 2);
    pci.bar.write(QUEUE_VECTOR, vector, 2);
  }
  if (config !== undefined) pci.bar.write(CONFIG_VECTOR, config, 2);
}

function useBuffer({ driver, device }: Setup): void {
  driver.queue(0).add({ write: [8] });
  driver.queue(0).kick();
  device.queue.push(device.pop(), 0);
  device.queue.notify();
}

const attachBus = (context: FakeVdevContext): void => {
  context.attach(
    PCI_BUS,
    new PciBus({
      memory32: new FakeMemoryWindow(0x2000_0000, 0x100_0000),
      messages: () => ({ message: () => undefined }),
      connectPin: () => new FakeInterruptLine(35),
    }),
  );
};

describeVdevContract(virtioVdev(testDeviceType()), {
  options: { transport: 'pci' },
  prepare: attachBus,
  change: ({ context }) => {
    const { fn, bar } = accessOf(context);
    fn.config.write(COMMAND, 2, BUS_MASTER);
    bar(0x14, 1, 1);
    bar(QUEUE_SELECT, 2, 1);
    bar(QUEUE_VECTOR, 2, 2);
  },
});

/** The function of a context's bus, and writes to its structures. */
function accessOf(context: FakeVdevContext) {
  const fn = context.attachment(PCI_BUS).functionAt({ slot: 0, fn: 0 });
  const handler = fn?.spec.bars?.[0]?.handler;
  if (fn === undefined || handler === undefined) throw new Error('no function');
  return { fn, bar: (offset: number, width: 1 | 2 | 4, value: number) => handler.write(offset, width, value) };
}

describe('a VirtIO device over PCI', () => {
  it('says what it is (VirtIO 1.2, section 4.1.2)', () => {
    const { pci } = setUp();
    expect([0, 8, 0x2c].map((offset) => pci.fn.config.read(offset, 4))).toEqual([
      0x106a_1af4, 0x00ff_0001, 0x1100_1af4,
    ]);
    expect(pci.fn.config.read(0x3d, 1)).toBe(1);
    const classOf = (factory: Parameters<typeof createPciDevice>[0], options = {}) =>
      createPciDevice(factory, {
        options,
        prepare: (context) => context.attach(BLOCK_STORE, { open: () => new MemoryBlockBackend(new Uint8Array(512)) }),
      }).fn.config.read(8, 4);
    expect([
      classOf(virtioVdev(virtioBlk), { file: '/disk' }),
      classOf(virtioVdev(virtioNet)),
      classOf(virtioVdev(virtioConsole), { hostdev: 'one' }),
      classOf(virtioVdev(virtioEntropy)),
    ]).toEqual([0x0100_0001, 0x0200_0001, 0x0780_0001, 0x00ff_0001]);
  });

  it('leads to its structures, each in a page of its own', () => {
    const { pci } = setUp();
    expect([...pci.structures]).toEqual([
      [1, { offset: 0x0000, size: 0x1000 }],
      [2, { offset: 0x3000, size: 0x1000 }],
      [3, { offset: 0x1000, size: 0x1000 }],
      [4, { offset: 0x2000, size: 0x1000 }],
      [5, { offset: 0, size: 0 }],
    ]);
    // A device without a configuration space has no structure for one.
    expect(createPciDevice(virtioVdev(virtioEntropy)).structures.has(4)).toBe(false);
  });

  it.each([false, true])('moves buffers (packed %p)', (packed) => {
    const { driver, device } = setUp({ packed }, ALL);
    driver.start();
    device.onKick = () => {
      const buffer = device.pop();
      const bytes = new Uint8Array(buffer.readable);
      buffer.read(0, bytes);
      device.queue.push(buffer, buffer.write(0, bytes.reverse()));
      device.queue.notify();
    };
    const { room, written } = driver.queue(0).transfer({ read: [Uint8Array.of(1, 2, 3)], write: [8] });
    expect([written, [...room].slice(0, 3)]).toEqual([3, [3, 2, 1]]);
    expect(driver.features & VirtioFeature.RingPacked).toBe(packed ? VirtioFeature.RingPacked : 0n);
  });

  it('shows and takes the fields of the common configuration', () => {
    const { pci, driver } = setUp();
    const { bar } = pci;
    expect([bar.read(0x12, 2), bar.read(0x18, 2), bar.read(0x1e, 2)]).toEqual([2, TEST_QUEUE_SIZE, 0]);
    bar.write(QUEUE_SELECT, 1, 2);
    expect([bar.read(QUEUE_SELECT, 2), bar.read(0x18, 2), bar.read(0x1e, 2)]).toEqual([1, 4, 1]);
    bar.write(QUEUE_SELECT, 7, 2);
    bar.write(QUEUE_VECTOR, 0, 2);
    expect([bar.read(0x18, 2), bar.read(0x1c, 2), bar.read(0x1e, 2), bar.read(QUEUE_VECTOR, 2)]).toEqual([
      0, 0, 0, 0xffff,
    ]);
    driver.start();
    bar.write(QUEUE_SELECT, 0, 2);
    expect([bar.read(0x14, 1), bar.read(0x1c, 2), bar.read(0x18, 2)]).toEqual([15, 1, 16]);
    const areas = [0x20, 0x28, 0x30].map((offset) => bar.read(offset, 4));
    expect(areas.every((address) => address >= pci.context.memory.base)).toBe(true);
    bar.write(0x00, 1, 4);
    bar.write(0x08, 1, 4);
    expect([bar.read(0x04, 4), bar.read(0x0c, 4), bar.read(0x00, 4), bar.read(0x08, 4)]).toEqual([1, 1, 1, 1]);
  });

  it('does not disable a queue, nor change one that is set up', () => {
    const { pci, driver } = setUp();
    driver.start();
    pci.bar.write(QUEUE_SELECT, 0, 2);
    pci.bar.write(0x1c, 0, 2);
    pci.bar.write(0x18, 2, 2);
    pci.bar.write(0x20, 0, 4);
    expect([pci.bar.read(0x1c, 2), pci.bar.read(0x18, 2), pci.bar.read(0x20, 4)]).not.toEqual([0, 2, 0]);
    expect(pci.bar.read(0x1c, 2)).toBe(1);
  });

  it('is accessed by the width of each field', () => {
    const { pci } = setUp();
    for (const [offset, width] of [
      [0x10, 4],
      [0x12, 1],
      [0x14, 2],
      [0x14, 4],
      [0x04, 2],
      [0x01, 1],
      [0x38, 2],
    ] as const) {
      expect(pci.bar.read(offset, width)).toBe(0);
    }
    pci.bar.write(0x14, 0x0101, 2);
    expect(pci.bar.read(0x14, 1)).toBe(0);
  });

  it('has the configuration space of the device', () => {
    const { pci, driver, device } = setUp();
    device.config.setUint32(8, 0xccbb_aa99, true);
    expect([driver.readConfig(8), driver.readConfig(8, 1), driver.readConfig(12)]).toEqual([0xccbb_aa99, 0x99, 0]);
    driver.writeConfig(4, 0xabcd, 2);
    expect(device.calls).toEqual(['config 4 2 43981']);
    const before = pci.read(VirtioMmio.ConfigGeneration);
    device.context.configChanged();
    expect(pci.read(VirtioMmio.ConfigGeneration)).toBe(before + 1);
  });

  it('is reached by the window in its configuration space, too', () => {
    const { pci, driver } = setUp();
    const { config } = pci.fn;
    let window = 0;
    for (let at = config.read(0x34, 1); at !== 0; at = config.read(at + 1, 1)) {
      if (config.read(at, 1) === 9 && config.read(at + 3, 1) === 5) window = at;
    }
    const select = (bar: number, offset: number, length: number): void => {
      config.write(window + 4, 1, bar);
      config.write(window + 8, 4, offset);
      config.write(window + 12, 4, length);
    };
    select(0, 0x12, 2);
    expect(config.read(window + 16, 2)).toBe(2);
    select(0, 0x14, 1);
    config.write(window + 16, 1, 1);
    expect(driver.status).toBe(1);
    // Another width than the length, no such BAR, beyond it, unaligned.
    const refused: readonly (readonly [number, number, number])[] = [
      [0, 0x12, 4],
      [1, 0x12, 2],
      [0, 0x8000, 2],
      [0, 0x11, 2],
    ];
    for (const [bar, offset, length] of refused) {
      select(bar, offset, length);
      expect(config.read(window + 16, 2)).toBe(0);
      config.write(window + 16, 2, 0xffff);
    }
    select(0, 0xffff_fffe, 2);
    expect([config.read(window + 16, 2), driver.status]).toEqual([0, 1]);
  });
});

describe('interrupts of a VirtIO device over PCI', () => {
  it('are a level without MSI-X, lowered by reading the causes', () => {
    const setup = setUp();
    const { pci, driver, device } = setup;
    driver.start();
    useBuffer(setup);
    device.context.configChanged();
    expect([pci.line.level, pci.bar.read(0x1000, 1), pci.line.level, pci.bar.read(0x1000, 1)]).toEqual([
      true,
      3,
      false,
      0,
    ]);
    useBuffer(setup);
    pci.fn.config.write(COMMAND, 2, 0x406);
    expect([pci.line.level, pci.messages]).toEqual([false, []]);
  });

  it('are messages with MSI-X: a vector for each cause', () => {
    const setup = setUp();
    const { pci, driver, device } = setup;
    driver.start();
    enableMsix(setup, { 0: 1 }, 2);
    useBuffer(setup);
    device.context.configChanged();
    expect(pci.messages).toEqual([
      [0xfee0_0000, 0x41],
      [0xfee0_0000, 0x42],
    ]);
    expect([pci.line.level, pci.bar.read(0x1000, 1)]).toEqual([false, 0]);
    device.context.needsReset('It broke.');
    expect(pci.messages).toHaveLength(3);
  });

  it('are not sent where no vector is assigned, and pend where one is masked', () => {
    const setup = setUp();
    const { pci, driver } = setup;
    driver.start();
    enableMsix(setup, {});
    useBuffer(setup);
    expect([pci.messages, pci.line.level]).toEqual([[], false]);
    enableMsix(setup, { 0: 0 });
    pci.bar.write(MSIX_TABLE + 12, 1, 4);
    useBuffer(setup);
    expect([pci.messages, pci.bar.read(MSIX_PENDING, 4)]).toEqual([[], 1]);
    pci.bar.write(MSIX_TABLE + 12, 0, 4);
    expect(pci.messages).toEqual([[0xfee0_0000, 0x40]]);
  });

  it('have the vectors that the function has, until the device is reset', () => {
    const setup = setUp();
    const { pci, driver } = setup;
    enableMsix(setup, { 0: 2, 1: 3 }, 0x7fff);
    const vectors = (): readonly number[] => [
      ...[0, 1].map((queue) => {
        pci.bar.write(QUEUE_SELECT, queue, 2);
        return pci.bar.read(QUEUE_VECTOR, 2);
      }),
      pci.bar.read(CONFIG_VECTOR, 2),
    ];
    expect(vectors()).toEqual([2, 0xffff, 0xffff]);
    driver.reset();
    expect(vectors()).toEqual([0xffff, 0xffff, 0xffff]);
  });

  it('number one for each queue and one more', () => {
    const { pci } = setUp();
    expect(pci.fn.config.read(MSIX_CONTROL, 2) & 0x7ff).toBe(2);
    const ports = Array.from({ length: 20 }, (_, port) => `p${port}:p${port}`);
    const console = createPciDevice(virtioVdev(virtioConsole), { options: { hostdev: 'one', port: ports } });
    expect(console.fn.config.read(MSIX_CONTROL, 2) & 0x7ff).toBe(2 * 22);
  });
});

describe('a VirtIO device over PCI that is no bus master', () => {
  it('touches no memory, and goes on when it is one again', () => {
    const { pci, driver, device } = setUp();
    driver.start();
    pci.fn.config.write(COMMAND, 2, 2);
    driver.queue(0).add({ write: [8] });
    driver.queue(0).kick();
    expect([device.queue.ready, device.queue.pop(), device.calls.filter((call) => call.startsWith('kick'))]).toEqual([
      false,
      undefined,
      [],
    ]);
    pci.fn.config.write(COMMAND, 2, BUS_MASTER);
    pci.context.runPosted();
    expect(device.calls.filter((call) => call.startsWith('kick'))).toEqual(['kicked 0', 'kicked 1']);
    expect(device.pop().writable).toBe(8);
  });

  it('posts one task, however often that changes', () => {
    const { pci, driver } = setUp();
    driver.start();
    for (let count = 0; count < 100; count++) {
      pci.fn.config.write(COMMAND, 2, 2);
      pci.fn.config.write(COMMAND, 2, BUS_MASTER);
    }
    expect([pci.context.runPosted(), pci.context.runPosted()]).toEqual([1, 0]);
    pci.fn.config.write(COMMAND, 2, 2);
    pci.fn.config.write(COMMAND, 2, BUS_MASTER);
    expect(pci.context.runPosted()).toBe(1);
  });

  it('starts when the driver is ready before', () => {
    const { pci, driver, device } = setUp();
    pci.fn.config.write(COMMAND, 2, 2);
    driver.start();
    expect([driver.status & DriverOk, device.queue.ready]).toEqual([DriverOk, false]);
    pci.fn.config.write(COMMAND, 2, BUS_MASTER);
    expect(device.queue.ready).toBe(true);
  });
});

describe('a snapshot of a VirtIO device over PCI', () => {
  it('has transport, registers and function: another instance goes on with it', () => {
    const first = setUp();
    first.driver.start();
    enableMsix(first, { 0: 1 });
    first.driver.queue(0).add({ write: [8] });
    first.driver.queue(0).publish();
    const saved = JSON.parse(JSON.stringify(first.pci.vdev.save())) as ReturnType<typeof first.pci.vdev.save>;
    const second = setUp({}, PLAIN_FEATURES, first.pci.context.memory);
    second.pci.vdev.restore(saved);
    expect(second.pci.vdev.save()).toEqual(saved);
    second.pci.context.runPosted();
    second.device.queue.push(second.device.pop(), 0);
    second.device.queue.notify();
    expect(second.pci.messages).toEqual([[0xfee0_0000, 0x41]]);
  });

  it('is refused with vectors that the function does not have', () => {
    const { pci } = setUp();
    const { version, state } = pci.vdev.save() as { version: number; state: { registers: object } };
    const wrong = { ...state, registers: { ...state.registers, configVector: 3 } };
    expect(() => pci.vdev.restore({ version, state: wrong as never })).toThrow('a vector is not one of the function');
  });

  it('is reset with the machine', () => {
    const setup = setUp();
    const { pci, driver } = setup;
    driver.start();
    enableMsix(setup, { 0: 1 });
    pci.fn.config.write(0x10, 4, 0x2080_0000);
    pci.vdev.reset();
    expect([driver.status, pci.fn.busMaster, pci.fn.msix?.enabled, pci.fn.config.read(0x10, 4)]).toEqual([
      0,
      false,
      false,
      0x2000_0000,
    ]);
    expect(driver.status & NeedsReset).toBe(0);
  });
});

describe('the transport of a VirtIO vdev', () => {
  const factory = virtioVdev(testDeviceType());
  const { 'virtio-mmio': _, ...others } = virt.places;
  const pciOnly: Board = { ...virt, places: others };
  const neither: Board = { ...virt, places: {} };
  const kindOn = (board: Board, options = {}): string => {
    const { context, vdev } = createVdev(factory, { options, context: { board }, prepare: attachBus });
    expect(context.interrupts.size).toBe(vdev.mmio === undefined ? 0 : 1);
    return vdev.mmio === undefined ? 'pci' : 'mmio';
  };

  it('is that of the board, unless it is chosen', () => {
    expect([kindOn(virt), kindOn(pciOnly), kindOn(neither)]).toEqual(['mmio', 'pci', 'mmio']);
    expect([
      kindOn(virt, { transport: 'pci' }),
      kindOn(virt, { pci: '3.0' }),
      kindOn(pciOnly, { transport: 'mmio' }),
      kindOn(pciOnly, { base: 0x2000_0000, irq: 40 }),
    ]).toEqual(['pci', 'pci', 'mmio', 'mmio']);
  });

  it('decides on the place', () => {
    const { vdev, context } = createVdev(factory, { options: { pci: '1e' }, prepare: attachBus });
    expect([vdev.status()['pci'], context.attachment(PCI_BUS).functionAt({ slot: 30, fn: 0 })?.spec.deviceId]).toEqual([
      '00:1e.0',
      0x106a,
    ]);
  });

  it.each([
    [{ legacy: true, transport: 'pci' }, 'a device over PCI has no legacy interface'],
    [{ legacy: true, pci: '1.0' }, 'a device over PCI has no legacy interface'],
    [{ transport: 'mmio', pci: '1.0' }, 'a device over MMIO has no place on a PCI bus'],
    [{ base: 0x2000_0000, pci: '1.0' }, 'the registers of a device over PCI are where the guest puts them'],
  ])('refuses %p', (options, message) => {
    expect(() => createVdev(factory, { options, prepare: attachBus })).toThrow(message);
  });

  it('refuses a legacy device where the board has PCI only', () => {
    const options = { legacy: true };
    expect(() => createVdev(factory, { options, context: { board: pciOnly }, prepare: attachBus })).toThrow(
      'The vdev virtio-test-0 is over PCI, where it has no legacy interface.',
    );
  });
});
