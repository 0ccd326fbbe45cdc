import { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import { VmMemory } from '../memory/vm-memory.js';
import { addRam, bytesOfRam, placeRam } from './place-ram.js';

const MIB = 0x10_0000;
const GIB = 0x4000_0000;
const HOLES = [
  { base: 0xa_0000, size: 0x6_0000, shadow: true },
  { base: 2 * MIB, size: 4 * GIB - 2 * MIB },
] as const;

describe('RAM of a VM', () => {
  it('follows the range before, split around the holes of the board', () => {
    const placed = placeRam([{ size: 2 * MIB }, { size: MIB }, { base: 8 * GIB, size: MIB, name: 'high' }], {
      base: 0,
      holes: HOLES,
    });
    expect(placed.map(({ name, base, size }) => [name, base, size])).toEqual([
      ['ram0', 0, 0xa_0000],
      ['ram0-1', MIB, MIB],
      ['ram2', 4 * GIB, MIB],
      ['high', 8 * GIB, MIB],
    ]);
  });

  it('is where its configuration says, also in a hole', () => {
    const specs = [{ base: 0x9_0000, size: MIB, kind: 'rom' as const }, { size: MIB }];
    expect(placeRam(specs, { base: 0 }).map(({ kind, base }) => [kind, base])).toEqual([
      ['rom', 0x9_0000],
      ['ram', 0x19_0000],
    ]);
  });

  it('is refused in a hole with registers, and not in one that hides RAM', () => {
    const place = (base: number): unknown => placeRam([{ base, size: MIB }], { base: 0, holes: HOLES });
    expect(() => place(2 * MIB - 0x1000)).toThrow(
      'The RAM ram0 (0x1ff000-0x2fefff) does not fit below the hole of the board (0x200000-0xffffffff): without an address, it goes on above the hole.',
    );
    expect([place(0), place(MIB), place(4 * GIB)]).toHaveLength(3);
  });

  it('has the small gaps of the map in VM memory, too, and no large ones', () => {
    const placed = placeRam([{ size: 3 * MIB }], { base: 0, holes: HOLES });
    const bytes = bytesOfRam(placed);
    expect(bytes).toBe(3 * MIB);
    const memory = new VmMemory(bytes + 0x1_0000);
    const map = new GuestPhysicalMap(memory);
    addRam(placed, map, memory);
    const [low, middle, high] = map.regions.map((region) => (region.kind === 'ram' ? region.offset : NaN));
    expect([(middle ?? 0) - (low ?? 0), (high ?? 0) - (middle ?? 0)]).toEqual([MIB, MIB]);
  });
});
