import { QvmError } from '../errors/qvm-error.js';
import type { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import type { AccessWidth, MmioHandler } from '../memory/memory-region.js';
import type { Board, BoardPlace, BoardRow } from './board.js';

/**
 * Maps the places of a board that answer without a vdev. Call it when all vdevs have their places; adjacent places become one region.
 *
 * @throws `QvmError` `vm.board` when the board describes them wrongly.
 */
export function mapEmptyPlaces(board: Board, map: GuestPhysicalMap): void {
  for (const [name, place] of Object.entries(board.places)) {
    const { row } = place;
    if (row?.empty === undefined) continue;
    const handler = new EmptyPlaces(checkedWords(board, name, place), row.addressStride);
    for (const { base, size } of freeRuns(place.base as number, row, map)) {
      map.addEmpty(`${name} (empty)`, base, size, handler);
    }
  }
}

/** The longest runs of places of which nothing is taken. */
function freeRuns(
  base: number,
  { count, addressStride }: BoardRow,
  map: GuestPhysicalMap,
): readonly { readonly base: number; readonly size: number }[] {
  const runs: { base: number; size: number }[] = [];
  for (let index = 0; index < count; index++) {
    const at = base + index * addressStride;
    if (!map.isFree(at, addressStride)) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.base + last.size === at) last.size += addressStride;
    else runs.push({ base: at, size: addressStride });
  }
  return runs;
}

function checkedWords({ name: board }: Board, name: string, { base, row }: BoardPlace): ReadonlyMap<number, number> {
  const words = Object.entries(row?.empty ?? {}).map(([offset, word]) => [Number(offset), word] as const);
  const stride = row?.addressStride ?? 0;
  const fits = words.every(
    ([offset, word]) => Number.isInteger(offset / 4) && offset >= 0 && offset < stride && word === word >>> 0,
  );
  if (typeof base !== 'number' || !fits) {
    throw new QvmError(
      'vm.board',
      `The board ${board} describes its empty places for ${name} wrongly: they need one base, and 32-bit words at multiples of 4 below the stride.`,
    );
  }
  return new Map(words);
}

/** Registers that only say what is not there. */
class EmptyPlaces implements MmioHandler {
  readonly #words: ReadonlyMap<number, number>;
  readonly #stride: number;

  constructor(words: ReadonlyMap<number, number>, stride: number) {
    this.#words = words;
    this.#stride = stride;
  }

  read(offset: number, width: AccessWidth): number {
    const word = this.#words.get((offset % this.#stride) & ~3) ?? 0;
    return (word >>> (8 * (offset & 3))) % 2 ** (8 * width);
  }

  write(): void {
    // Nothing is there to be told.
  }
}
