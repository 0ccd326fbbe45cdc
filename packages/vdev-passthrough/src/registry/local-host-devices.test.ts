import type { HostDevice } from '@qvm/core/services';
import { LocalDeviceLedger } from './device-ledger.js';
import { LocalHostDevices } from './local-host-devices.js';

const A = { vm: 'a', vdev: 'passthrough-0' };
const B = { vm: 'b', vdev: 'passthrough-0' };

function device(name: string, paddr: number, size = 0x1000): HostDevice {
  const open = (): never => {
    throw new Error('never opened here');
  };
  return { name, description: name, paddr, size, open };
}

function withCode(code: string): Error {
  return expect.objectContaining({ code }) as Error;
}

describe('LocalHostDevices', () => {
  it('gives a device to one VM at a time, and names who has it', () => {
    const registry = new LocalHostDevices([device('dma', 0x2000), device('uart', 0x1000)]);
    const claim = registry.claim(0x2000, 0x1000, A);
    expect(() => registry.claim(0x2000, 0x1000, B)).toThrow('dma belongs to a/passthrough-0');
    expect(() => registry.claim(0x2000, 0x1000, { ...A })).toThrow(withCode('host-device.taken'));
    expect(registry.devices().map(({ device: { name }, owner }) => [name, owner])).toEqual([
      ['uart', undefined],
      ['dma', A],
    ]);
    claim.release();
    const next = registry.claim(0x2000, 0x1000, B);
    claim.release();
    expect(registry.devices()[1]?.owner).toEqual(B);
    next.release();
  });

  it('lists what there is when nothing is at an address', () => {
    const registry = new LocalHostDevices([device('uart', 0x1000), device('dma', 0x4000, 0x2000)]);
    expect(() => registry.claim(0x3000, 0x1000, A)).toThrow(
      'No host device is at 0x3000. There is uart (0x1000-0x1fff), dma (0x4000-0x5fff).',
    );
    expect(() => new LocalHostDevices([]).claim(0, 1, A)).toThrow('The host has none.');
    expect(() => registry.claim(0x4000, 0x1000, A)).toThrow(withCode('host-device.size'));
  });

  it('shares a ledger among registries', () => {
    const ledger = new LocalDeviceLedger();
    const [one, two] = [0, 1].map(() => new LocalHostDevices([device('dma', 0x2000)], ledger));
    one?.claim(0x2000, 0x1000, A);
    expect(() => two?.claim(0x2000, 0x1000, B)).toThrow(withCode('host-device.taken'));
  });

  it.each([
    [[device('a', 0x800)]],
    [[device('a', 0x1000, 0)]],
    [[device('a', 0x1000, 0x800)]],
    [[device('a', -0x1000)]],
    [[device('a', 0x1000, 0x2000), device('b', 0x2000)]],
    [[device('a', 0x1000), device('a', 0x4000)]],
  ])('refuses devices without a place or name of their own (%#)', (devices) => {
    expect(() => new LocalHostDevices(devices)).toThrow(withCode('host-device.range'));
  });
});
