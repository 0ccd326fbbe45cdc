import { createVdev, describeVdevContract, MockVirtioDriver } from '@qvm/testing';
import type { MockVirtqueue, ScriptedCharacterBackend, VdevHarness } from '@qvm/testing';
import { virtioVdev } from '../virtio-vdev.js';
import { virtioConsole } from './type.js';

const console = virtioVdev(virtioConsole);
const ONE_PORT = { hostdev: 'one' };
const THREE_PORTS = { hostdev: 'one', port: ['agent:two', 'log.0:three'] };
const MULTIPORT = 1n << 1n;
const CONTROL_RECEIVE = 2;
const CONTROL_TRANSMIT = 3;

describeVdevContract(console, {
  options: ONE_PORT,
  change: (harness) => {
    const driver = new MockVirtioDriver(harness);
    driver.start();
    driver.queue(1).transfer({ read: [ascii('hello')] });
  },
});

describeVdevContract(
  { ...console, type: 'virtio-console-multiport' },
  {
    options: THREE_PORTS,
    change: (harness) => {
      const driver = new MockVirtioDriver(harness);
      driver.start();
      control(driver, 0, 6, 1);
      control(driver, 0, 0, 1);
    },
  },
);

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function backend(harness: VdevHarness, name: string): ScriptedCharacterBackend {
  return harness.context.backends.get(name) as ScriptedCharacterBackend;
}

/** Sends a control message. */
function control(driver: MockVirtioDriver, port: number, event: number, value: number): void {
  const message = new DataView(new ArrayBuffer(8));
  message.setUint32(0, port, true);
  message.setUint16(4, event, true);
  message.setUint16(6, value, true);
  driver.queue(CONTROL_TRANSMIT).transfer({ read: [new Uint8Array(message.buffer)] });
}

/** Adds buffers for input. */
function offerRoom(queue: MockVirtqueue, ...buffers: readonly (readonly number[])[]): void {
  for (const write of buffers) queue.add({ write });
  queue.kick();
}

/** The contents of the buffers that the device has filled, one text for each. */
function received(queue: MockVirtqueue): readonly string[] {
  return queue.collect().map(({ room, written }) => textOf(room.subarray(0, written)));
}

/** Control messages from the device, as [port, event, value, payload]. */
function messages(driver: MockVirtioDriver): readonly (readonly [number, number, number, string])[] {
  return driver
    .queue(CONTROL_RECEIVE)
    .collect()
    .map(({ room, written }) => {
      const data = new DataView(room.buffer);
      const payload = textOf(room.subarray(8, written));
      return [data.getUint32(0, true), data.getUint16(4, true), data.getUint16(6, true), payload];
    });
}

describe.each([false, true])('virtio-console, packed %p', (packed) => {
  function start(options: object = ONE_PORT): { readonly driver: MockVirtioDriver; readonly harness: VdevHarness } {
    const harness = createVdev(console, { options: { ...options, packed } });
    const driver = new MockVirtioDriver(harness, { packed });
    driver.start();
    // The size is reported at first.
    driver.acknowledgeInterrupt();
    return { driver, harness };
  }

  it('sends what the guest writes, whatever it is cut into', () => {
    const { driver, harness } = start();
    driver.queue(1).transfer({ read: [ascii('he'), ascii(''), ascii('llo'), ascii(' world\n')] });
    expect(backend(harness, 'one').output).toBe('hello world\n');
    expect(driver.acknowledgeInterrupt()).toBe(1);
  });

  it('sends a long buffer in turns, and gives it back at its end', () => {
    const { driver, harness } = start();
    const queue = driver.queue(1);
    const bytes = Uint8Array.from({ length: 0x3000 }, (_, index) => index);
    const address = queue.allocate(bytes.length);
    harness.context.memory.write(address, bytes);
    queue.addSegments(Array.from({ length: 16 }, () => ({ address, length: bytes.length, write: false })));
    queue.kick();
    queue.kick();
    // 256 KiB at a time; this length is not a multiple of that.
    for (let turn = 0; turn < 3 && queue.collect().length === 0; turn++) harness.context.runPosted();
    const all = Uint8Array.from({ length: 16 * bytes.length }, (_, index) => bytes[index % bytes.length] ?? 0);
    expect(Uint8Array.from(backend(harness, 'one').written)).toEqual(all);
    expect(queue.inFlight).toBe(0);
  });

  it('finishes what it sends before it is saved', () => {
    const { driver, harness } = start();
    const queue = driver.queue(1);
    const address = queue.allocate(0x4000);
    queue.addSegments(Array.from({ length: 16 }, () => ({ address, length: 0x4000 + 0x100, write: false })));
    queue.kick();
    expect(queue.collect()).toHaveLength(0);
    harness.vdev.save();
    expect(queue.collect()).toHaveLength(1);
    expect(backend(harness, 'one').written).toHaveLength(16 * 0x4100);
    harness.context.runPosted();
    expect(backend(harness, 'one').written).toHaveLength(16 * 0x4100);
  });

  it('gives the guest as much input as it has room for, and the rest when it has more', () => {
    const { driver, harness } = start();
    const queue = driver.queue(0);
    offerRoom(queue, [4], [1, 2]);
    backend(harness, 'one').feed('0123456789');
    expect(received(queue)).toEqual(['0123', '456']);
    expect(backend(harness, 'one').available).toBe(3);
    offerRoom(queue, [64]);
    expect(received(queue)).toEqual(['789']);
    expect(driver.acknowledgeInterrupt()).toBe(1);
  });

  it('wants kicks for room only while input waits', () => {
    const { driver, harness } = start();
    const queue = driver.queue(0);
    queue.add({ write: [4] });
    expect(queue.publish()).toBe(false);
    backend(harness, 'one').feed('01234567');
    expect(received(queue)).toEqual(['0123']);
    queue.add({ write: [4] });
    expect(queue.publish()).toBe(true);
  });

  it('keeps input for the time after the start', () => {
    const harness = createVdev(console, { options: { ...ONE_PORT, packed } });
    backend(harness, 'one').feed('early');
    const driver = new MockVirtioDriver(harness, { packed });
    driver.start();
    offerRoom(driver.queue(0), [16]);
    expect(received(driver.queue(0))).toEqual(['early']);
    driver.reset();
    backend(harness, 'one').feed('late');
    expect(backend(harness, 'one').available).toBe(4);
  });

  it('introduces its ports', () => {
    const { driver, harness } = start(THREE_PORTS);
    expect(driver.features & MULTIPORT).toBe(MULTIPORT);
    expect(driver.readConfig(4)).toBe(3);
    offerRoom(driver.queue(CONTROL_RECEIVE), ...Array.from({ length: 12 }, () => [64]));
    control(driver, 0, 0, 1);
    expect(messages(driver)).toEqual([0, 1, 2].map((port) => [port, 1, 1, '']));
    for (const port of [0, 2]) control(driver, port, 3, 1);
    expect(messages(driver)).toEqual([
      [0, 4, 1, ''],
      [0, 5, 1, 'P\0\u0019\0'],
      [0, 6, 1, ''],
      [2, 7, 1, 'log.0'],
      [2, 6, 1, ''],
    ]);
    driver.queue(6 + 1).transfer({ read: [ascii('to the log')] });
    expect(backend(harness, 'three').output).toBe('to the log');
  });

  it('gives input to ports that the guest has open', () => {
    const { driver, harness } = start(THREE_PORTS);
    const queue = driver.queue(4);
    offerRoom(queue, [16], [16]);
    backend(harness, 'two').feed('question');
    expect(received(queue)).toEqual([]);
    control(driver, 1, 6, 1);
    expect(received(queue)).toEqual(['question']);
    control(driver, 1, 6, 0);
    backend(harness, 'two').feed('more');
    expect(received(queue)).toEqual([]);
  });

  it('lets messages wait for room, and takes none meanwhile', () => {
    const { driver } = start(THREE_PORTS);
    control(driver, 0, 0, 1);
    const queue = driver.queue(CONTROL_TRANSMIT);
    queue.add({ read: [Uint8Array.of(0, 0, 0, 0, 3, 0, 1, 0)] });
    queue.kick();
    expect(queue.collect()).toEqual([]);
    offerRoom(driver.queue(CONTROL_RECEIVE), ...Array.from({ length: 6 }, () => [64]));
    expect(queue.collect()).toHaveLength(1);
    expect(messages(driver).map(([port, event]) => [port, event])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [0, 4],
      [0, 5],
      [0, 6],
    ]);
  });

  it('ignores messages that mean nothing', () => {
    const { driver, harness } = start(THREE_PORTS);
    offerRoom(driver.queue(CONTROL_RECEIVE), [64]);
    for (const [port, event, value] of [
      [3, 3, 1],
      [0xffff_ffff, 6, 1],
      [0, 99, 1],
      [0, 0, 0],
    ] as const) {
      control(driver, port, event, value);
    }
    driver.queue(CONTROL_TRANSMIT).transfer({ read: [Uint8Array.of(0, 0, 0)] });
    driver.queue(CONTROL_TRANSMIT).transfer({ write: [8] });
    expect(messages(driver)).toEqual([]);
    expect(harness.context.logger.messages('warn')).toEqual([]);
  });

  it('is a plain console for a driver without MULTIPORT', () => {
    const harness = createVdev(console, { options: { ...THREE_PORTS, packed } });
    const driver = new MockVirtioDriver(harness, { packed, features: ~MULTIPORT });
    driver.start();
    offerRoom(driver.queue(0), [16]);
    backend(harness, 'one').feed('hi');
    expect(received(driver.queue(0))).toEqual(['hi']);
  });
});

describe('the configuration of virtio-console', () => {
  it('has the size of the terminal, also when that changes', () => {
    const harness = createVdev(console, { options: { ...ONE_PORT, columns: 132, rows: 43 } });
    const driver = new MockVirtioDriver(harness);
    driver.start();
    expect([driver.readConfig(0, 2), driver.readConfig(2, 2), driver.readConfig(4)]).toEqual([132, 43, 1]);
    // Linux reads the size only after a change.
    expect(driver.acknowledgeInterrupt()).toBe(2);
    const generation = harness.read(0xfc);
    backend(harness, 'one').resize(100, 50);
    expect([driver.readConfig(0, 2), driver.readConfig(2, 2)]).toEqual([100, 50]);
    expect(harness.read(0xfc)).toBe(generation + 1);
    expect(driver.acknowledgeInterrupt()).toBe(2);
    expect(harness.vdev.status()).toMatchObject({ device: { columns: 100, rows: 50 } });
  });

  it('has the size that the terminal had before the driver came, also after a reset', () => {
    const harness = createVdev(console, { options: ONE_PORT });
    backend(harness, 'one').resize(200, 60);
    for (let start = 0; start < 2; start++) {
      const driver = new MockVirtioDriver(harness);
      driver.start();
      expect([driver.readConfig(0, 2), driver.readConfig(2, 2)]).toEqual([200, 60]);
      harness.vdev.reset();
    }
  });

  it('tells a driver with ports by a message', () => {
    const harness = createVdev(console, { options: THREE_PORTS });
    const driver = new MockVirtioDriver(harness);
    driver.start();
    for (const columns of [90, 91]) backend(harness, 'one').resize(columns, 30);
    offerRoom(driver.queue(CONTROL_RECEIVE), [64], [64]);
    expect(messages(driver)).toEqual([[0, 5, 1, '\u005b\0\u001e\0']]);
  });

  it('writes in an emergency, without being set up', () => {
    const harness = createVdev(console, { options: ONE_PORT });
    for (const character of ascii('oops')) harness.write(0x108, character);
    expect(backend(harness, 'one').output).toBe('oops');
  });
});

describe('the ports of virtio-console', () => {
  it.each([['agent'], [':two'], ['a/b:two'], ['agent:'], [`${'x'.repeat(65)}:two`]])('refuse %p', (port) => {
    expect(() => createVdev(console, { options: { hostdev: 'one', port: [port] } })).toThrow('is not NAME:HOSTDEV');
  });

  it('have names of their own, and are not too many', () => {
    const create = (port: readonly string[]) => () => createVdev(console, { options: { hostdev: 'one', port } });
    expect(create(['a:x', 'a:y'])).toThrow('two ports are named a');
    expect(create(Array.from({ length: 32 }, (_, index) => `p${index}:x`))).toThrow('at most 31');
    expect(create(Array.from({ length: 31 }, (_, index) => `p${index}:x`))).not.toThrow();
  });
});
