import { IoPortMap } from '@qvm/core/architecture';
import { NotingDevice, watchedExits } from './devices.test.helper.js';
import type { Call } from './devices.test.helper.js';
import { PortAccess } from './port-access.js';

function machine() {
  const ports = new IoPortMap();
  const calls: Call[] = [];
  ports.add('first', 0x60, 4, new NotingDevice(calls, 'first'));
  ports.add('second', 0x64, 1, new NotingDevice(calls, 'second'));
  ports.add('last', 0xffff, 1, new NotingDevice(calls, 'last'));
  const { exits, seen } = watchedExits();
  return { access: new PortAccess(ports, exits, (width, write) => width * 2 + Number(write)), calls, seen };
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
});
