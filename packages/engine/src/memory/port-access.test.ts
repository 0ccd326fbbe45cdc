import { IoPortMap } from '@qvm/core/architecture';
import { createVmHooks } from '@qvm/core/host';
import { NotingDevice, watchedExits } from './devices.test.helper.js';
import type { UnmappedAccessEvent } from '@qvm/core/hooks';
import type { Call } from './devices.test.helper.js';
import { PortAccess } from './port-access.js';

function machine() {
  const ports = new IoPortMap();
  const calls: Call[] = [];
  ports.add('first', 0x60, 4, new NotingDevice(calls, 'first'));
  ports.add('second', 0x64, 1, new NotingDevice(calls, 'second'));
  ports.add('last', 0xffff, 1, new NotingDevice(calls, 'last'));
  const { exits, seen, vcpu } = watchedExits();
  const hooks = createVmHooks('test');
  const services = { ports, hooks };
  return {
    hooks,
    access: new PortAccess(vcpu, services, exits, (width, write) => width * 2 + Number(write)),
    calls,
    seen,
  };
}

describe('accesses to I/O ports', () => {
  it('reach the device as they are when it has all of their ports', () => {
    const { access, calls, seen } = machine();
    expect(access.read(0x60, 4)).toBe(0x1111_1111);
    access.write(0x62, 2, 0xabcd);
    expect(access.read(0x64, 1)).toBe(0x11);
    expect(calls).toEqual([
      ['first read', 0, 4],
      ['first write', 2, 2, 'abcd'],
      ['second read', 0, 1],
    ]);
    expect(seen).toEqual(['io first 8', 'read 0:11111111', 'io first 5', 'wrote 0:abcd', 'io second 2', 'read 0:11']);
  });

  it('are done byte by byte when devices share them', () => {
    const { access, calls } = machine();
    expect(access.read(0x63, 2)).toBe(0x1144);
    access.write(0x63, 4, 0x8765_4321);
    expect(calls).toEqual([
      ['first read', 3, 1],
      ['second read', 0, 1],
      ['first write', 3, 1, '21'],
      ['second write', 0, 1, '43'],
    ]);
  });

  it('give ones where nobody is, and past the last port', () => {
    const { access, calls, seen } = machine();
    expect([access.read(0x80, 1), access.read(0x80, 2), access.read(0x80, 4)]).toEqual([0xff, 0xffff, 0xffff_ffff]);
    access.write(0x80, 4, 0);
    expect([calls, seen]).toEqual([[], []]);
    expect(access.read(0xffff, 4)).toBe(0xffff_ff11);
    expect(access.read(0x64, 4)).toBe(0xffff_ff11);
  });

  it('ask the hook where no device has a port, in one piece, and take what fits', () => {
    const { access, calls, hooks } = machine();
    const events: unknown[] = [];
    hooks.unmappedAccess.tap('test', ({ vcpu: _, ...event }: UnmappedAccessEvent) => {
      events.push(event);
      return event.address === 0xcfc ? 0x1_8765_4321n : undefined;
    });
    expect([access.read(0xcfc, 4), access.read(0xcfc, 1), access.read(0xcf8, 2)]).toEqual([0x8765_4321, 0x21, 0xffff]);
    access.write(0xcf8, 4, 0x8000_0000);
    const event = { space: 'io', access: 'read', value: undefined };
    expect(events).toEqual([
      { ...event, address: 0xcfc, width: 4 },
      { ...event, address: 0xcfc, width: 1 },
      { ...event, address: 0xcf8, width: 2 },
      { ...event, address: 0xcf8, width: 4, access: 'write', value: 0x8000_0000 },
    ]);
    // A part belongs to a device: the others are asked one by one.
    events.length = 0;
    expect(access.read(0x5e, 4)).toBe(0x2211_ffff);
    expect(events).toEqual([
      { ...event, address: 0x5e, width: 1 },
      { ...event, address: 0x5f, width: 1 },
    ]);
    expect(calls).toEqual([
      ['first read', 0, 1],
      ['first read', 1, 1],
    ]);
  });
});
