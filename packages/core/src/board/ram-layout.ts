import type { BoardRam } from './board.js';

/**
 * A piece of a range of RAM.
 *
 * @experimental
 */
export interface RamPiece {
  /** First guest-physical address. */
  readonly base: number;
  /** Size in bytes. */
  readonly size: number;
}

/**
 * The pieces of a range of RAM for which the configuration gives no address: it is split around the holes of the board.
 *
 * @param start - guest-physical address of the first byte, unless that is in a hole.
 * @param size - bytes.
 * @experimental
 */
export function ramPieces({ holes = [] }: BoardRam, start: number, size: number): readonly RamPiece[] {
  const pieces: RamPiece[] = [];
  let [next, left] = [start, size];
  for (const hole of [...holes].sort((a, b) => a.base - b.base)) {
    const end = hole.base + hole.size;
    if (next >= end) continue;
    const room = Math.max(0, hole.base - next);
    if (left <= room) break;
    if (room > 0) pieces.push({ base: next, size: room });
    left -= room + (hole.shadow === true ? end - Math.max(next, hole.base) : 0);
    next = end;
  }
  return left > 0 ? [...pieces, { base: next, size: left }] : pieces;
}
