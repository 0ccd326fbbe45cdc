import { GuestPhysicalMap } from './guest-physical-map.js';
import { TopOfRam } from './ram-reservations.js';
import { VmMemory } from './vm-memory.js';

const RAM = 0x4000_0000;

function create(...ranges: readonly (readonly [base: number, size: number])[]): TopOfRam {
  const map = new GuestPhysicalMap(new VmMemory(0x100_0000));
  ranges.forEach(([base, size], index) => map.addRam('ram', `ram${index}`, base, size));
  return new TopOfRam(map);
}

describe('TopOfRam', () => {
  it('takes aligned ranges from the top downwards', () => {
    const reservations = create([RAM, 0x10_0000]);
    expect(reservations.reserve('a', 0x1800, 0x1000)).toEqual({ name: 'a', base: RAM + 0xf_e000, size: 0x1800 });
    expect(reservations.reserve('b', 0x1000, 0x1_0000)).toEqual({ name: 'b', base: RAM + 0xf_0000, size: 0x1000 });
    expect(reservations.all.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('prefers RAM below 4 GiB, and there the highest', () => {
    const reservations = create([RAM, 0x2_0000], [2 * RAM, 0x2_0000], [2 ** 32, 0x10_0000]);
    const bases = [1, 2, 3].map(() => reservations.reserve('x', 0x1_0000, 0x1000).base);
    expect(bases).toEqual([2 * RAM + 0x1_0000, RAM + 0x1_0000, 2 ** 32 + 0xf_0000]);
  });

  it('leaves the guest half of each range', () => {
    const reservations = create([RAM, 0x2_0000]);
    expect(() => reservations.reserve('x', 0x1_1000, 0x1000)).toThrow(
      expect.objectContaining({ code: 'memory.reservation' }) as Error,
    );
    reservations.reserve('x', 0x1_0000, 0x1000);
    expect(() => reservations.reserve('y', 0x1000, 0x1000)).toThrow(/y, which needs 4096 bytes/);
  });
});
