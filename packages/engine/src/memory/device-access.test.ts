import { GuestPhysicalMap, VmMemory } from '@qvm/core/architecture';
import { createVmHooks } from '@qvm/core/host';
import type { MachineServices } from '@qvm/core/architecture';
import { DeviceAccess } from './device-access.js';
import { NotingDevice, NotingWideDevice, watchedExits } from './devices.test.helper.js';
import type { Call } from './devices.test.helper.js';

const [NARROW, AFTER, WIDE] = [0x1000, 0x1010, 0x2000];
const ALL_ONES = 0xffff_ffff;

function machine(reference: 'fail' | 'ignore' = 'fail') {
  const memory = new VmMemory(1);
  const map = new GuestPhysicalMap(memory);
  const calls: Call[] = [];
  map.addMmio('narrow', NARROW, 0x10, new NotingDevice(calls, 'narrow'));
  map.addMmio('after', AFTER, 0x10, new NotingDevice(calls, 'after'));
  map.addMmio('wide', WIDE, 0x1c, new NotingWideDevice(calls, 'wide'));
  const { exits, seen, vcpu } = watchedExits();
  const services = { map, memory, unsupported: { reference }, hooks: createVmHooks('test') };
  const access = new DeviceAccess(vcpu, services as unknown as MachineServices, exits, (width) => width);
  const { data } = memory;
  return {
    access,
    calls,
    seen,
    data,
    words: (n: number) => Array.from({ length: n }, (_, i) => data.getUint32(i * 4, true)),
  };
}

describe('an access to devices', () => {
  it('of 64 bits is two of 32 bits, low word first', () => {
    const { access, calls, data, words } = machine();
    expect(access.read(NARROW, 8, 8, 0)).toBe(8);
    expect(words(2)).toEqual([0x1111_1111, 0x5555_5555]);
    data.setBigUint64(0, 0x0123_4567_89ab_cdefn, true);
    expect(access.write(NARROW + 8, 8, 8, 0)).toBe(8);
    expect(calls).toEqual([
      ['narrow read', 0, 4],
      ['narrow read', 4, 4],
      ['narrow write', 8, 4, '89abcdef'],
      ['narrow write', 12, 4, '1234567'],
    ]);
  });

  it('of 64 bits is one for a device that takes it', () => {
    const { access, calls, seen, data, words } = machine();
    expect(access.read(WIDE + 8, 8, 8, 0)).toBe(8);
    expect(words(2)).toEqual([0x89ab_cdef, 0x0123_4567]);
    data.setBigUint64(0, 0xfedc_ba98_7654_3210n, true);
    expect(access.write(WIDE, 8, 8, 0)).toBe(8);
    expect(calls).toEqual([
      ['wide read', 8, 8],
      ['wide write', 0, 8, 'fedcba98:76543210'],
    ]);
    expect(seen).toEqual(['mmio wide 8', 'read 1234567:89abcdef', 'mmio wide 8', 'wrote fedcba98:76543210']);
  });

  it('of 128 bits is two of 64, of narrow elements never', () => {
    const { access, calls } = machine();
    expect(access.read(WIDE, 16, 16, 0)).toBe(16);
    expect(access.read(WIDE, 8, 4, 0)).toBe(8);
    expect(access.read(WIDE, 2, 1, 0)).toBe(2);
    expect(calls.map(([, offset, width]) => [offset, width])).toEqual([
      ...[
        [0, 8],
        [8, 8],
        [0, 4],
        [4, 4],
        [0, 1],
        [1, 1],
      ],
    ]);
  });

  it('that is misaligned, or goes over the end, takes 32 bits at a time', () => {
    const { access, calls } = machine();
    expect(access.read(WIDE + 4, 8, 8, 0)).toBe(8);
    expect(access.read(WIDE + 0x18, 8, 8, 0)).toBe(4);
    expect(calls.map(([, offset, width]) => [offset, width])).toEqual([
      [4, 4],
      [8, 4],
      [0x18, 4],
    ]);
  });

  it('goes on in the next device', () => {
    const { access, calls } = machine();
    expect(access.accepts(NARROW + 8, 16, 8)).toBe(16);
    expect(access.read(NARROW + 8, 16, 8, 0)).toBe(16);
    expect(calls.map(([name, offset]) => [name, offset])).toEqual([
      ...[
        ['narrow read', 8],
        ['narrow read', 12],
        ['after read', 0],
        ['after read', 4],
      ],
    ]);
  });

  it.each([['read'], ['accepts'], ['write']] as const)(
    'that ends where nobody is says how far it came: %s',
    (method) => {
      const { access } = machine();
      expect(access[method](AFTER + 8, 16, 4, 0)).toBe(8);
      expect(access[method](AFTER + 0x0e, 4, 4, 0)).toBe(0);
      expect(access[method](0x5000, 8, 8, 0)).toBe(0);
    },
  );

  it('may be ignored where nobody is', () => {
    const { access, words } = machine('ignore');
    expect(access.read(0x5000, 8, 8, 0)).toBe(8);
    expect(words(2)).toEqual([ALL_ONES, ALL_ONES]);
    expect([access.accepts(0x5000, 8, 8), access.write(0x5000, 8, 8, 0)]).toEqual([8, 8]);
  });
});
