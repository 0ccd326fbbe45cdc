import { QvmError } from '@qvm/core';
import { NETWORK_FABRIC, type FrameOffload } from '@qvm/core/services';
import type { Clock } from '@qvm/core/vdev';
import {
  createRandom,
  createVdev,
  describeVdevContract,
  FakeGuestMemory,
  ManualClock,
  MockVirtioDriver,
  randomSeed,
} from '@qvm/testing';
import type { GivenOptions, MockVirtioDriverOptions, VdevHarness } from '@qvm/testing';
import { LegacyDriver } from '../mmio/legacy-driver.test.helper.js';
import { virtioVdev } from '../virtio-vdev.js';
import * as net from './constants.js';
import { FakeFabric, type FakePort } from './fake-network.test.helper.js';
import { virtioNet } from './type.js';

const factory = virtioVdev(virtioNet);
const OWN = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const BROADCAST = [255, 255, 255, 255, 255, 255];
const MULTICAST = [0x33, 0x33, 0, 0, 0, 1];
const PLAIN_HEADER = new Uint8Array(net.HEADER_BYTES);
const ALL = 2n ** 64n - 1n;

interface Setup extends MockVirtioDriverOptions {
  readonly options?: GivenOptions;
}

function setUp({ options, ...driverOptions }: Setup = {}, clock: Clock['kind'] = 'real-time') {
  const fabric = new FakeFabric();
  const harness = createVdev(factory, {
    options: { peer: 'vswitch0', mac: '52:54:00:12:34:56', packed: driverOptions.packed ?? false, ...options },
    context: { clock: new ManualClock(0, clock) },
    prepare: (context) => context.attach(NETWORK_FABRIC, fabric),
  });
  const driver = new MockVirtioDriver(harness, driverOptions);
  driver.start();
  return { fabric, port: fabric.port, harness, driver };
}

function frame(to: readonly number[], length = 60, tag?: number): Uint8Array {
  const bytes = new Uint8Array(length).map((_, index) => (index * 13) & 0xff);
  bytes.set([...to, 2, 0, 0, 0, 0, 9, ...(tag === undefined ? [] : [0x81, 0, tag >> 8, tag & 255]), 0x88, 0xb5]);
  return bytes;
}

/** struct virtio_net_hdr */
function header(fields: Partial<Record<'flags' | 'gso' | 'length' | 'size' | 'start' | 'offset', number>>): Uint8Array {
  const bytes = new Uint8Array(net.HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([fields.flags ?? 0, fields.gso ?? 0]);
  [fields.length, fields.size, fields.start, fields.offset].forEach((value, index) =>
    view.setUint16(2 + 2 * index, value ?? 0, true),
  );
  return bytes;
}

/** A setup with a driver from before VirtIO 1.0. */
function setUpLegacy(features: number) {
  const fabric = new FakeFabric();
  const harness = createVdev(factory, {
    options: { peer: 'vswitch0', mac: '52:54:00:12:34:56', legacy: true },
    context: { memory: new FakeGuestMemory(0x4_0000) },
    prepare: (context) => context.attach(NETWORK_FABRIC, fabric),
  });
  const driver = new LegacyDriver(harness);
  driver.accept(features);
  const [receive, transmit] = [driver.queue(net.RECEIVE_QUEUE, 16), driver.queue(net.TRANSMIT_QUEUE, 16)];
  driver.driverOk();
  return { port: fabric.port, harness, receive, transmit };
}

/** Delivers a frame and lets the VM run. */
function arrive(
  { port, harness }: { port: FakePort; harness: VdevHarness },
  bytes: Uint8Array,
  offload?: FrameOffload,
) {
  port.deliver(bytes, offload);
  harness.context.runPosted();
}

function command(driver: MockVirtioDriver, commandClass: number, number: number, ...data: readonly number[]): number {
  const used = driver
    .queue(net.CONTROL_QUEUE)
    .transfer({ read: [Uint8Array.of(commandClass, number), Uint8Array.from(data)], write: [1] });
  expect(used.written).toBe(1);
  return used.room[0] ?? -1;
}

const deviceStatus = (harness: VdevHarness): unknown => harness.vdev.status()['device'];

describeVdevContract(factory, {
  change: (harness) => {
    const driver = new MockVirtioDriver(harness);
    driver.start();
    expect(command(driver, net.CTRL_RX, net.CTRL_RX_PROMISC, 0)).toBe(net.ACK_OK);
    expect(command(driver, net.CTRL_VLAN, net.CTRL_VLAN_ADD, 5, 0)).toBe(net.ACK_OK);
    expect(command(driver, net.CTRL_MAC, net.CTRL_MAC_ADDR_SET, ...OWN)).toBe(net.ACK_OK);
  },
});

describe.each([false, true])('virtio-net, packed %p', (packed) => {
  it('sends frames, from any number of descriptors', () => {
    const { driver, port } = setUp({ packed });
    const bytes = frame(BROADCAST, 1000);
    const { written } = driver.queue(net.TRANSMIT_QUEUE).transfer({ read: [PLAIN_HEADER, bytes] });
    expect(written).toBe(0);
    driver.queue(net.TRANSMIT_QUEUE).transfer({
      read: [PLAIN_HEADER.slice(0, 5), Uint8Array.of(...PLAIN_HEADER.slice(5), ...bytes.slice(0, 7)), bytes.slice(7)],
    });
    expect(port.sent).toEqual([
      { frame: bytes, offload: undefined },
      { frame: bytes, offload: undefined },
    ]);
  });

  it('hands on what the driver leaves to the network', () => {
    const { driver, port } = setUp({ packed });
    const tso = header({ flags: 1, gso: 0x84, length: 74, size: 1440, start: 54, offset: 16 });
    driver.queue(net.TRANSMIT_QUEUE).transfer({ read: [tso, frame(BROADCAST, 9000)] });
    driver.queue(net.TRANSMIT_QUEUE).transfer({ read: [header({ flags: 1, start: 34, offset: 6 }), frame(BROADCAST)] });
    expect(port.sent.map(({ offload }) => offload)).toEqual([
      {
        needsChecksum: true,
        segmentation: 'tcp6',
        ecn: true,
        segmentSize: 1440,
        checksumStart: 54,
        checksumOffset: 16,
      },
      { needsChecksum: true, segmentation: 'none', ecn: false, segmentSize: 0, checksumStart: 34, checksumOffset: 6 },
    ]);
  });

  it('sends at the kick, then at the end of each turn until nothing is new, with an interrupt for each turn', () => {
    const { driver, port, harness } = setUp({ packed });
    const queue = driver.queue(net.TRANSMIT_QUEUE);
    const send = (): boolean => {
      queue.add({ read: [PLAIN_HEADER, frame(BROADCAST)] });
      return queue.publish();
    };
    expect(send()).toBe(true);
    queue.kick();
    expect([port.sent.length, driver.acknowledgeInterrupt()]).toEqual([1, 0]);
    expect([send(), send(), port.sent.length]).toEqual([false, false, 1]);
    expect(harness.context.runPosted()).toBeGreaterThan(0);
    expect([port.sent.length, queue.collect().length, driver.acknowledgeInterrupt()]).toEqual([3, 3, 1]);
    while (harness.context.runPosted() > 0);
    expect(send()).toBe(true);
    // The driver did not kick.
    expect([harness.context.runPosted(), port.sent.length]).toEqual([0, 3]);
  });

  it('tells its driver after a restore what it owed before', () => {
    const { driver, harness } = setUp({ packed });
    const queue = driver.queue(net.TRANSMIT_QUEUE);
    queue.add({ read: [PLAIN_HEADER, frame(BROADCAST)] });
    queue.kick();
    const saved = harness.vdev.save();
    harness.vdev.reset();
    while (harness.context.runPosted() > 0);
    harness.vdev.restore(saved);
    while (harness.context.runPosted() > 0);
    expect([queue.collect().length, driver.acknowledgeInterrupt()]).toEqual([1, 1]);
    queue.add({ read: [PLAIN_HEADER, frame(BROADCAST)] });
    expect(queue.publish()).toBe(true);
  });

  it('receives frames when the VM comes to run, one interrupt for all', () => {
    const { driver, port, harness } = setUp({ packed });
    const queue = driver.queue(net.RECEIVE_QUEUE);
    for (let count = 0; count < 3; count++) queue.add({ write: [1526] });
    queue.kick();
    port.deliver(frame(OWN));
    port.deliver(frame(OWN, 1514));
    expect(queue.collect()).toEqual([]);
    harness.context.runPosted();
    const used = queue.collect();
    expect(used.map(({ written }) => written)).toEqual([72, 1526]);
    const [first] = used;
    expect(first?.room.slice(0, 12)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    expect(first?.room.slice(12, 72)).toEqual(frame(OWN));
    expect(harness.context.interrupt('virtio').level).toBe(true);
    expect(driver.acknowledgeInterrupt()).toBe(1);
  });

  it('spreads a frame over buffers that are merged, and says how many', () => {
    const { driver, port, harness } = setUp({ packed });
    const queue = driver.queue(net.RECEIVE_QUEUE);
    for (let count = 0; count < 4; count++) queue.add({ write: [100] });
    queue.kick();
    arrive({ port, harness }, frame(OWN, 300));
    const used = queue.collect();
    expect(used.map(({ written }) => written)).toEqual([100, 100, 100, 12]);
    expect(used[0]?.room[10]).toBe(4);
    const parts = used.map(({ room, written }) => [...room.slice(0, written)]);
    expect(parts.flat().slice(12)).toEqual([...frame(OWN, 300)]);
  });

  it('waits for more buffers when there are too few, and loses none meanwhile', () => {
    const { driver, port, harness } = setUp({ packed });
    const queue = driver.queue(net.RECEIVE_QUEUE);
    for (let count = 0; count < 2; count++) queue.add({ write: [100] });
    queue.kick();
    arrive({ port, harness }, frame(OWN, 300));
    expect(queue.collect()).toEqual([]);
    expect(port.waiting).toHaveLength(1);
    for (let count = 0; count < 3; count++) queue.add({ write: [100] });
    expect(queue.publish()).toBe(true);
    queue.kick();
    expect(queue.collect().map(({ written }) => written)).toEqual([100, 100, 100, 12]);
    expect(port.waiting).toHaveLength(0);
    arrive({ port, harness }, frame(OWN, 60));
    expect(queue.collect().map(({ written }) => written)).toEqual([72]);
  });

  it('survives a driver that lets chance fill its queues', () => {
    const seed = randomSeed();
    const random = createRandom(seed);
    try {
      const { driver, port, harness } = setUp({ packed, queueSize: 8 });
      for (let step = 0; step < 400; step++) {
        const queue = driver.queue(random() % 3);
        const length = random() % 4 === 0 ? random() % 80 : 12 + (random() % 200);
        const bytes = Uint8Array.from({ length }, () => (random() % 3 === 0 ? random() : 0));
        try {
          // A chain has at least one descriptor.
          const read = random() % 4 === 0 ? [] : [bytes];
          queue.add({ read, write: read.length > 0 && random() % 2 === 0 ? [] : [random() % 120] });
        } catch (error) {
          // The ring is full: a driver collects the used buffers.
          if (!(error instanceof QvmError)) throw error;
        }
        queue.kick();
        queue.collect();
        if (random() % 2 === 0) arrive({ port, harness }, frame(OWN, 14 + (random() % 300)));
        if (port.waiting.length > 50) port.waiting.length = 0;
      }
      expect(port.sent.every(({ frame: { length } }) => length >= 14)).toBe(true);
      expect(JSON.parse(JSON.stringify(harness.vdev.status()))).toEqual(harness.vdev.status());
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  });
});

describe('virtio-net', () => {
  it('sends at the kick alone where turns are no part of virtual time', () => {
    const { driver, port, harness } = setUp({}, 'icount');
    const queue = driver.queue(net.TRANSMIT_QUEUE);
    queue.add({ read: [PLAIN_HEADER, frame(BROADCAST)] });
    queue.kick();
    expect([port.sent.length, driver.acknowledgeInterrupt(), harness.context.runPosted()]).toEqual([1, 1, 0]);
  });

  it('tells its address, link and MTU', () => {
    const { driver, port, harness } = setUp({ options: { mtu: 9000 } });
    expect([...driver.readConfigBytes(0, 6)]).toEqual(OWN);
    expect(driver.readConfig(6, 2)).toBe(1);
    expect(driver.readConfig(10, 2)).toBe(9000);
    expect(driver.offered & net.F_MTU).not.toBe(0n);
    port.setLink(false);
    harness.context.runPosted();
    expect(driver.acknowledgeInterrupt()).toBe(2);
    expect(driver.readConfig(6, 2)).toBe(0);
  });

  it('says to the network who it is', () => {
    const { fabric } = setUp({ options: { vlan: 7, trunk: '10+20-22', capture: '/tmp/x' } });
    expect(fabric.requests).toEqual([
      {
        peer: 'vswitch0',
        device: {
          vm: 'vm',
          vdev: 'virtio-net-0',
          mac: Uint8Array.from(OWN),
          vlan: 7,
          trunk: [10, 20, 21, 22],
          capture: '/tmp/x',
        },
      },
    ]);
  });

  it.each(['', '0', '4095', '9-5', 'x', '10+', 'alles'])('refuses trunk=%p', (trunk) => {
    expect(() => setUp({ options: { trunk } })).toThrow('say all, or VLANs from 1 to 4094');
  });

  it('has no link without a peer, and drops what it is to send', () => {
    const harness = createVdev(factory);
    const driver = new MockVirtioDriver(harness);
    driver.start();
    expect(driver.readConfig(6, 2)).toBe(0);
    expect(driver.queue(net.TRANSMIT_QUEUE).transfer({ read: [PLAIN_HEADER, frame(BROADCAST)] }).written).toBe(0);
  });

  it('needs a network for a peer', () => {
    expect(() => createVdev(factory, { options: { peer: 'vswitch0' } })).toThrow('NetworkFabric');
  });

  it('makes addresses that are the same in each run and differ between VMs and vdevs', () => {
    const macOf = (vm: string, name: string): string => {
      const driver = new MockVirtioDriver(createVdev(factory, { context: { vm, name } }));
      driver.start();
      return driver.readConfigBytes(0, 6).join(':');
    };
    expect(macOf('a', 'net0')).toBe(macOf('a', 'net0'));
    expect(new Set([macOf('a', 'net0'), macOf('a', 'net1'), macOf('b', 'net0')]).size).toBe(3);
    expect(macOf('a', 'net0')).toMatch(/^2:/);
  });

  it('refuses the address of a group', () => {
    expect(() => setUp({ options: { mac: '53:54:00:12:34:56' } })).toThrow('is not the address of one station');
  });

  it('gives a frame that is to be cut to a driver that can', () => {
    const { driver, port, harness } = setUp();
    expect(port.accepted).toEqual({ checksum: true, tcp4: true, tcp6: true, ecn: true });
    const queue = driver.queue(net.RECEIVE_QUEUE);
    queue.add({ write: [4000] });
    queue.kick();
    const offload = { needsChecksum: true, checksumStart: 34, checksumOffset: 16, segmentSize: 1448, ecn: false };
    const bytes = frame(OWN, 3000);
    bytes[46] = 0x80;
    arrive({ port, harness }, bytes, { ...offload, segmentation: 'tcp4' });
    const room = queue.collect()[0]?.room ?? new Uint8Array(0);
    const expected = header({ flags: 1, gso: 1, length: 66, size: 1448, start: 34, offset: 16 });
    expected[10] = 1;
    expect(room.slice(0, 12)).toEqual(expected);
  });

  it('tells the network what a driver cannot do', () => {
    const { port } = setUp({ features: ALL & ~(net.F_GUEST_TSO6 | net.F_GUEST_ECN) });
    expect(port.accepted).toEqual({ checksum: true, tcp4: true, tcp6: false, ecn: false });
  });

  it.each<[string, Uint8Array, Uint8Array, bigint]>([
    ['a header that ends', PLAIN_HEADER.slice(0, 11), new Uint8Array(0), ALL],
    ['a frame that ends', PLAIN_HEADER, new Uint8Array(13), ALL],
    ['a frame that is too long', PLAIN_HEADER, new Uint8Array(0x1_0000 + 65), ALL],
    ['segments without a checksum', header({ gso: 1, size: 1000 }), frame(OWN), ALL],
    ['an unknown kind of segments', header({ flags: 1, gso: 3, size: 1000 }), frame(OWN), ALL],
    ['ECN alone', header({ flags: 1, gso: 0x80, size: 1000 }), frame(OWN), ALL],
    ['a checksum that was not negotiated', header({ flags: 1 }), frame(OWN), ALL & ~net.F_CSUM],
    ['segments that were not negotiated', header({ flags: 1, gso: 1 }), frame(OWN), ALL & ~net.F_HOST_TSO4],
    ['ECN that was not negotiated', header({ flags: 1, gso: 0x81 }), frame(OWN), ALL & ~net.F_HOST_ECN],
  ])('drops and counts %s', (_name, first, second, features) => {
    const fabric = new FakeFabric();
    const harness = createVdev(factory, {
      options: { peer: 'vswitch0' },
      prepare: (context) => context.attach(NETWORK_FABRIC, fabric),
    });
    const driver = new MockVirtioDriver(harness, { features, queueSize: 32 });
    driver.start();
    const queue = driver.queue(net.TRANSMIT_QUEUE);
    // Uses the same memory repeatedly, so that large frames need no large memory.
    const { base, bytes } = harness.context.memory;
    const segments = [...parts(first), ...parts(second)];
    const address = queue.allocate(4096);
    bytes.fill(0, address - base, address - base + 4096);
    bytes.set(first, address - base);
    queue.addSegments(
      segments.map((length, index) => ({ address: address + (index === 0 ? 0 : 64), length, write: false })),
    );
    queue.kick();
    expect(queue.collect()).toHaveLength(1);
    expect(fabric.port.sent).toEqual([]);
    expect(deviceStatus(harness)).toMatchObject({ dropped: { malformed: 1 } });
  });

  it('drops a frame that is larger than what an unmerged buffer holds, and keeps the buffer', () => {
    const { driver, port, harness } = setUp({ features: ALL & ~net.F_MRG_RXBUF });
    const queue = driver.queue(net.RECEIVE_QUEUE);
    queue.add({ write: [100] });
    queue.kick();
    arrive({ port, harness }, frame(OWN, 300));
    arrive({ port, harness }, frame(OWN, 80));
    expect(queue.collect().map(({ written }) => written)).toEqual([92]);
    expect(deviceStatus(harness)).toMatchObject({ dropped: { tooLarge: 1 } });
  });

  it('gives a driver nothing above the MTU that it accepted', () => {
    const { driver, port, harness } = setUp({ options: { mtu: 500 } });
    const queue = driver.queue(net.RECEIVE_QUEUE);
    queue.add({ write: [1600] });
    queue.kick();
    arrive({ port, harness }, frame(OWN, 519));
    expect(queue.collect()).toEqual([]);
    arrive({ port, harness }, frame(OWN, 518));
    expect(queue.collect()).toHaveLength(1);
  });

  it('drops frames while no driver is there, also those that wait', () => {
    const { driver, port, harness } = setUp();
    port.deliver(frame(OWN));
    expect(port.waiting).toHaveLength(1);
    driver.reset();
    expect(port.waiting).toHaveLength(0);
    arrive({ port, harness }, frame(OWN));
    expect(deviceStatus(harness)).toMatchObject({ dropped: { noDriver: 2 } });
  });

  it('pulls its plug at the end', async () => {
    const { port, harness } = setUp();
    await harness.vdev.dispose();
    expect(port.closed).toBe(true);
  });
});

describe('the receive filter of virtio-net', () => {
  function accepted(commands: readonly (readonly number[])[], frames: readonly Uint8Array[]): readonly boolean[] {
    const { driver, port, harness } = setUp();
    for (const [commandClass = 0, number = 0, ...data] of commands) {
      expect([commandClass, number, command(driver, commandClass, number, ...data)]).toEqual([commandClass, number, 0]);
    }
    const queue = driver.queue(net.RECEIVE_QUEUE);
    return frames.map((bytes) => {
      queue.add({ write: [200] });
      queue.kick();
      arrive({ port, harness }, bytes);
      return queue.collect().length === 1;
    });
  }

  const other = [2, 0, 0, 0, 0, 1];
  const samples = [OWN, other, BROADCAST, MULTICAST].map((to) => frame(to));
  const quiet = [net.CTRL_RX, net.CTRL_RX_PROMISC, 0];
  const table = [net.CTRL_MAC, net.CTRL_MAC_TABLE_SET, 1, 0, 0, 0, ...other, 1, 0, 0, 0, ...MULTICAST];

  it.each<[string, readonly (readonly number[])[], readonly boolean[]]>([
    ['lets all through at first', [], [true, true, true, true]],
    ['lets through its own and broadcasts when not promiscuous', [quiet], [true, false, true, false]],
    ['adds tables', [quiet, table], [true, true, true, true]],
    ['replaces tables', [quiet, table, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]], [true, false, true, false]],
    ['adds all multicasts', [quiet, [0, net.CTRL_RX_ALLMULTI, 1]], [true, false, true, true]],
    ['adds all unicasts', [quiet, [0, net.CTRL_RX_ALLUNI, 1]], [true, true, true, false]],
    ['takes multicasts away', [quiet, table, [0, net.CTRL_RX_NOMULTI, 1]], [true, true, true, false]],
    ['takes unicasts away', [quiet, table, [0, net.CTRL_RX_NOUNI, 1]], [false, false, true, true]],
    ['takes broadcasts away', [quiet, [0, net.CTRL_RX_NOBCAST, 1]], [true, false, false, false]],
    ['follows a new address', [quiet, [1, net.CTRL_MAC_ADDR_SET, ...other]], [false, true, true, false]],
  ])('%s', (_name, commands, expected) => {
    expect(accepted(commands, samples)).toEqual(expected);
  });

  it('lets through the VLANs that were added', () => {
    const add = [net.CTRL_VLAN, net.CTRL_VLAN_ADD, 0x34, 0x02];
    const tagged = [frame(OWN, 64, 0x234), frame(OWN, 64, 0x235), frame(OWN)];
    expect(accepted([quiet, add], tagged)).toEqual([true, false, true]);
    expect(accepted([quiet, add, [net.CTRL_VLAN, net.CTRL_VLAN_DEL, 0x34, 0x02]], tagged)).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('lets all addresses through when a table has more than there is room for', () => {
    const many = Array.from({ length: 65 }, (_, index) => [2, 0, 0, 0, 1, index]).flat();
    expect(accepted([quiet, [1, 0, 65, 0, 0, 0, ...many, 0, 0, 0, 0]], samples)).toEqual([true, true, true, false]);
  });

  it.each<[string, readonly number[]]>([
    ['an unknown class', [9, 0, 1]],
    ['an unknown command', [0, 9, 1]],
    ['a switch without a value', [0, 0]],
    ['a switch with two values', [0, 0, 1, 1]],
    ['a VLAN of one byte', [2, 0, 1]],
    ['a VLAN above 4095', [2, 0, 0, 0x10]],
    ['an address of five bytes', [1, 1, 2, 0, 0, 0, 0]],
    ["a group's address", [1, 1, 3, 0, 0, 0, 0, 0]],
    ['a table that ends', [1, 0, 1, 0, 0, 0, 2, 0, 0]],
    ['a table of very many', [1, 0, 255, 255, 255, 255, 0, 0, 0, 0]],
    ['one table alone', [1, 0, 0, 0, 0, 0]],
    ['tables and something more', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]],
  ])('refuses %s', (_name, [commandClass = 0, number = 0, ...data]) => {
    const { driver } = setUp();
    expect(command(driver, commandClass, number, ...data)).toBe(net.ACK_ERR);
  });

  it('refuses commands that were not negotiated, or have no room for an answer', () => {
    const { driver } = setUp({ features: ALL & ~net.F_CTRL_RX });
    expect(command(driver, net.CTRL_RX, net.CTRL_RX_PROMISC, 0)).toBe(net.ACK_ERR);
    const control = driver.queue(net.CONTROL_QUEUE);
    expect(control.transfer({ read: [Uint8Array.of(0, 0, 1)] }).written).toBe(0);
    expect(control.transfer({ read: [Uint8Array.of(0)], write: [1] }).room).toEqual(Uint8Array.of(net.ACK_ERR));
  });
});

/** Splits a byte string into descriptors that fit into one page. */
function parts({ length }: Uint8Array): readonly number[] {
  return Array.from({ length: Math.ceil(length / 4000) }, (_, index) => Math.min(4000, length - index * 4000));
}

describe('virtio-net for legacy drivers', () => {
  const MRG_RXBUF = 1 << 15;

  it.each([
    ['10 bytes', 0, 10],
    ['12 bytes with MRG_RXBUF', MRG_RXBUF, 12],
  ])('has a header of %s', (_, features, bytes) => {
    const { port, harness, receive, transmit } = setUpLegacy(features);
    transmit.transfer(new Uint8Array(bytes), frame(BROADCAST));
    expect(port.sent).toEqual([{ frame: frame(BROADCAST), offload: undefined }]);
    const [address = 0] = receive.add(1526);
    arrive({ port, harness }, frame(OWN));
    expect(receive.collect()).toEqual([bytes + 60]);
    const received = harness.context.memory.view(address, bytes + 60);
    expect(received.slice(0, 10)).toEqual(new Uint8Array(10));
    expect(received.slice(10, bytes)).toEqual(Uint8Array.of(1, 0).slice(0, bytes - 10));
    expect(received.slice(bytes)).toEqual(frame(OWN));
  });

  it('takes the address that the driver writes, if it is one of a station, and its own again at a reset', () => {
    const { harness } = setUpLegacy(0);
    [2, 1, 2, 3, 4, 5].forEach((byte, at) => harness.write(0x100 + at, byte, 1));
    expect(deviceStatus(harness)).toMatchObject({ mac: '02:01:02:03:04:05' });
    harness.write(0x100, 0x0605_04ff);
    harness.write(0x104, 0x0908_0706);
    expect(deviceStatus(harness)).toMatchObject({ mac: '02:01:02:03:06:07' });
    expect([harness.read(0x100), harness.read(0x104, 2)]).toEqual([0x0302_0102, 0x0706]);
    harness.write(0x070, 0);
    expect(deviceStatus(harness)).toMatchObject({ mac: '52:54:00:12:34:56' });
  });

  it('keeps its address from other drivers', () => {
    const { harness } = setUp();
    harness.write(0x105, 9, 1);
    expect(deviceStatus(harness)).toMatchObject({ mac: '52:54:00:12:34:56' });
  });
});
