import { HOST_DEVICE_REGISTRY, MemoryPool } from '@qvm/core/services';
import type { HostDevice, HostDeviceRegion, HostDeviceRegistry } from '@qvm/core/services';
import { createVdev, describeVdevContract, FakeDeviceTreeContext, FakeHostDevice } from '@qvm/testing';
import type { VdevContractOptions, VdevHarness } from '@qvm/testing';
import { copyEngine } from '../copy-engine/copy-engine.js';
import { LocalHostDevices } from '../registry/local-host-devices.js';
import { MOST_DMA_BYTES } from './confined-dma.js';
import { passthrough } from './passthrough.js';

const PADDR = 0xff00_0000;
const RAM = 0x4000_0000;

const SIZE = 0x4000;

function fakeDevice(regions?: readonly HostDeviceRegion[]): FakeHostDevice {
  return new FakeHostDevice({ paddr: PADDR, size: SIZE, ...(regions && { regions }) });
}

function contractOf(device: () => HostDevice): Omit<VdevContractOptions, 'change'> {
  return {
    options: { paddr: PADDR, size: device().size },
    prepare: (context) => context.attach(HOST_DEVICE_REGISTRY, new LocalHostDevices([device()])),
  };
}

describeVdevContract(passthrough, {
  ...contractOf(() => fakeDevice()),
  change: ({ write }) => write(0, 0x1234_5678),
});

describe.each([
  ['a copy under way', 1],
  ['a copy that is done', 1e9],
])('with the copy engine and %s', (_what, time) => {
  describeVdevContract(passthrough, {
    ...contractOf(() => copyEngine),
    change: ({ write, context }) => {
      write(0x0c, 16);
      for (const register of [0x10, 0x18]) write(register, RAM);
      write(0x04, 3);
      context.clock.advance(time);
    },
  });
});

function create(registry: HostDeviceRegistry, irq?: number): VdevHarness {
  return createVdev(passthrough, {
    options: { paddr: PADDR, size: SIZE, irq },
    prepare: (context) => context.attach(HOST_DEVICE_REGISTRY, registry),
  });
}

describe('passthrough', () => {
  it('maps registers and memory of the device where they are on the host', () => {
    const pool = new MemoryPool();
    const slice = pool.take(0x1_0000);
    const handler = { read: () => 5, write: () => undefined };
    const device = fakeDevice([
      { kind: 'registers', offset: 0, size: 0x1000, handler },
      { kind: 'memory', offset: 0x2000, size: 0x2000, slice },
    ]);
    const { context } = create(new LocalHostDevices([device]));
    expect(context.window('device').base).toBe(PADDR);
    expect([...context.window('device').content]).toEqual([
      [0, { kind: 'registers', handler, size: 0x1000 }],
      [0x2000, { kind: 'memory', slice, size: 0x2000, access: 'rw' }],
    ]);
  });

  it('owns the device until it is disposed of', async () => {
    const device = fakeDevice();
    const registry = new LocalHostDevices([device]);
    const first = create(registry);
    expect(() => create(registry)).toThrow('vm/passthrough-0');
    first.vdev.reset();
    await first.vdev.dispose();
    create(registry);
    expect(device.events).toEqual(['open', 'reset', 'close', 'open']);
  });

  it('gives the device back when it cannot be mapped', () => {
    const handler = { read: () => 5, write: () => undefined };
    const device = fakeDevice([{ kind: 'registers', offset: 0x4000, size: 0x1000, handler }]);
    const registry = new LocalHostDevices([device]);
    expect(() => create(registry)).toThrow(expect.objectContaining({ code: 'memory.window' }));
    expect([device.events, registry.devices()[0]?.owner]).toEqual([['open', 'close'], undefined]);
  });

  it('carries the interrupt, if the VM has given it one', async () => {
    const quiet = fakeDevice();
    create(new LocalHostDevices([quiet]));
    quiet.bus.interrupt.set(true);
    quiet.bus.interrupt.pulse();
    expect(quiet.bus.interrupt.level).toBe(false);
    const loud = fakeDevice();
    const vdev = create(new LocalHostDevices([loud]), 32);
    loud.bus.interrupt.set(true);
    expect(vdev.context.interrupt('device').level).toBe(true);
    await vdev.vdev.dispose();
    expect(vdev.context.interrupt('device').level).toBe(false);
    const [node] = vdev.vdev.deviceTree?.(new FakeDeviceTreeContext()) ?? [];
    expect([node?.name, node?.properties['compatible'], node?.properties['interrupts']]).toEqual([
      'device@ff000000',
      ['qvm,fake', 'generic-uio'],
      expect.anything(),
    ]);
  });

  it('confines DMA to the memory of the VM, and records what it refused', () => {
    const device = fakeDevice();
    const { context, vdev } = create(new LocalHostDevices([device]));
    const { dma } = device.bus;
    const size = context.memory.bytes.length;
    expect(dma.write(RAM, new Uint8Array([1, 2, 3]))).toBe(true);
    expect(dma.read(RAM + 1, 2)).toEqual(new Uint8Array([2, 3]));
    const refused: [number, number][] = [
      [0, 4],
      [RAM - 1, 2],
      [RAM + size - 1, 2],
      [RAM + size, 1],
      [RAM, MOST_DMA_BYTES + 1],
      [2 ** 52, 8],
      [-4, 4],
      [NaN, 4],
      [RAM + 0.5, 4],
    ];
    for (const [address, length] of refused) expect(dma.read(address, length)).toBeUndefined();
    expect(dma.write(RAM + size - 1, new Uint8Array(2))).toBe(false);
    for (let n = 0; n < 100; n++) dma.read(0, 1);
    expect(vdev.status()['dma']).toEqual({
      violations: refused.length + 101,
      last: { access: 'read', address: 0, length: 1 },
    });
    expect(context.logger.entries).toHaveLength(16);
  });

  it('restores only what is of its device, and one without a state by a reset', () => {
    const device = new FakeHostDevice({ paddr: PADDR, size: SIZE, opaque: true });
    const { vdev } = create(new LocalHostDevices([device]));
    vdev.restore(vdev.save());
    expect(device.events).toEqual(['open', 'reset']);
    for (const snapshot of [
      { version: 1, state: { device: 'fake', state: null } },
      { version: 2, state: { device: 'other', state: null } },
      { version: 2, state: { device: 'fake', state: 7 } },
      { version: 2, state: { device: 'fake' } },
      { version: 2, state: null },
    ]) {
      expect(() => vdev.restore(snapshot)).toThrow(expect.objectContaining({ code: 'vdev.state' }));
    }
  });

  it('needs a host with devices, and options that say which', () => {
    expect(() => createVdev(passthrough, { options: { paddr: PADDR, size: SIZE } })).toThrow(
      expect.objectContaining({ code: 'vdev.attachment-missing' }),
    );
    expect(() => createVdev(passthrough, { options: { paddr: 0 } })).toThrow(
      expect.objectContaining({ code: 'vdev.option' }),
    );
  });
});
