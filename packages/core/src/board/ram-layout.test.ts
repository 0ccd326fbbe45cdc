import { ramPieces } from './ram-layout.js';

const MIB = 0x10_0000;
const GIB = 0x4000_0000;
const HOLES = [
  { base: 0xb000_0000, size: 4 * GIB - 0xb000_0000 },
  { base: 0xa_0000, size: 0x6_0000, shadow: true },
] as const;
const pieces = (start: number, size: number) =>
  ramPieces({ base: 0, holes: HOLES }, start, size).map((piece) => [piece.base, piece.base + piece.size]);

describe('RAM of a board with holes', () => {
  it('is one piece where there are none', () => {
    expect(ramPieces({ base: GIB }, GIB, 8 * GIB)).toEqual([{ base: GIB, size: 8 * GIB }]);
  });

  it('loses the bytes of a shadow, and goes on above another hole', () => {
    expect(pieces(0, 512 * MIB)).toEqual([
      [0, 0xa_0000],
      [MIB, 512 * MIB],
    ]);
    expect(pieces(0, 0xb000_0000)).toEqual([
      [0, 0xa_0000],
      [MIB, 0xb000_0000],
    ]);
    expect(pieces(0, 3 * GIB)).toEqual([
      [0, 0xa_0000],
      [MIB, 0xb000_0000],
      [4 * GIB, 4 * GIB + 3 * GIB - 0xb000_0000],
    ]);
  });

  it('may end before, at, or in a hole, and begin in or above one', () => {
    expect(pieces(0, 0x9_f000)).toEqual([[0, 0x9_f000]]);
    expect(pieces(0, 0xa_0000)).toEqual([[0, 0xa_0000]]);
    expect(pieces(0, 0xf_f000)).toEqual([[0, 0xa_0000]]);
    expect(pieces(0xa_0000, MIB)).toEqual([[MIB, 2 * MIB - 0x6_0000]]);
    expect(pieces(0xc_0000, MIB)).toEqual([[MIB, 2 * MIB - 0x4_0000]]);
    expect(pieces(0xc000_0000, MIB)).toEqual([[4 * GIB, 4 * GIB + MIB]]);
    expect(pieces(5 * GIB, MIB)).toEqual([[5 * GIB, 5 * GIB + MIB]]);
  });
});
