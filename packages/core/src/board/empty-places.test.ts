import type { QvmError } from '../errors/qvm-error.js';
import { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import type { AccessWidth, MmioRegion } from '../memory/memory-region.js';
import { VmMemory } from '../memory/vm-memory.js';
import { fakeBoard } from '../vm/fake-machine.test.helper.js';
import type { BoardPlace } from './board.js';
import { mapEmptyPlaces } from './empty-places.js';

const BASE = 0x0a00_0000;
const STRIDE = 0x200;
const ROW = { count: 4, addressStride: STRIDE, interruptStride: 1 };
const EMPTY = { 0: 0x7472_6976, 4: 2, 0xc: 0x8000_0001 };
const NOTHING = { read: () => 0, write: () => undefined };

function mapOf(slot: BoardPlace, taken: readonly (readonly [base: number, size: number])[] = []): GuestPhysicalMap {
  const map = new GuestPhysicalMap(new VmMemory(0));
  taken.forEach(([base, size], index) => map.addMmio(`taken${index}`, base, size, NOTHING));
  mapEmptyPlaces(fakeBoard({ places: { slot } }), map);
  return map;
}

describe('empty places of a board', () => {
  it('are one region where nothing is between them', () => {
    expect(mapOf({ base: BASE, row: { ...ROW, empty: EMPTY } }).regions).toMatchObject([
      { kind: 'mmio', name: 'slot (empty)', base: BASE, size: 4 * STRIDE, empty: true },
    ]);
  });

  it('are there only where no byte of a place is taken', () => {
    const slot = { base: BASE, row: { ...ROW, empty: EMPTY } };
    const { regions } = mapOf(slot, [
      [BASE - 4, 8],
      [BASE + 2 * STRIDE + 0x1fc, 4],
    ]);
    expect(regions.filter((region) => region.kind === 'mmio' && region.empty).map(({ base }) => base)).toEqual([
      BASE + STRIDE,
      BASE + 3 * STRIDE,
    ]);
    expect(mapOf(slot, [[BASE, 4 * STRIDE]]).regions).toHaveLength(1);
    expect(mapOf({ base: BASE, row: ROW }).regions).toEqual([]);
  });

  it('read as the board says, in each of them and in all widths, and ignore writes', () => {
    const { handler } = mapOf({ base: BASE, row: { ...ROW, empty: EMPTY } }).regions[0] as MmioRegion;
    handler.write(STRIDE + 8, 4, 1);
    const read = (offset: number, width: AccessWidth): number => handler.read(3 * STRIDE + offset, width);
    expect([read(0, 4), read(4, 4), read(8, 4), read(0xc, 4), read(0x1fc, 4)]).toEqual([
      0x7472_6976, 2, 0, 0x8000_0001, 0,
    ]);
    expect([read(1, 1), read(2, 2), read(0xf, 1), read(0xe, 2)]).toEqual([0x69, 0x7472, 0x80, 0x8000]);
  });

  it.each<readonly [string, BoardPlace]>([
    ['no base', { row: { ...ROW, empty: EMPTY } }],
    ['several bases', { base: { first: BASE, second: 0 }, row: { ...ROW, empty: EMPTY } }],
    ['a word beyond the place', { base: BASE, row: { ...ROW, empty: { 0x200: 1 } } }],
    ['an offset between words', { base: BASE, row: { ...ROW, empty: { 2: 1 } } }],
    ['a negative offset', { base: BASE, row: { ...ROW, empty: { [-4]: 1 } } }],
    ['a word of more than 32 bits', { base: BASE, row: { ...ROW, empty: { 0: 2 ** 32 } } }],
    ['a negative word', { base: BASE, row: { ...ROW, empty: { 0: -1 } } }],
  ])('with %s are refused', (_, slot) => {
    expect(() => mapOf(slot)).toThrow(expect.objectContaining({ code: 'vm.board' }) as QvmError);
  });
});
