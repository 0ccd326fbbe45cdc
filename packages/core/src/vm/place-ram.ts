import type { BoardRam } from '../board/board.js';
import { ramPieces } from '../board/ram-layout.js';
import { QvmError } from '../errors/qvm-error.js';
import type { GuestPhysicalMap } from '../memory/guest-physical-map.js';
import { WASM_PAGE } from '../memory/memory-limits.js';
import type { VmMemory } from '../memory/vm-memory.js';
import { hexadecimal } from '../text/hexadecimal.js';
import type { RamSpec } from './vm-options.js';

/**
 * Gaps of the guest-physical map up to this size are gaps of VM memory, too, so that the RAM on both sides of them is
 * one range for generated code. Wide enough for the hole below 1 MiB on a PC.
 */
const LARGEST_PADDING = 0x10_0000;

/** A range of RAM or ROM with its place. */
export interface PlacedRam {
  readonly kind: 'ram' | 'rom';
  readonly name: string;
  readonly base: number;
  readonly size: number;
  /** Bytes that stay unused in VM memory before it. */
  readonly padding: number;
}

/**
 * Decides the places of RAM and ROM, in the order of the configuration.
 *
 * @throws `QvmError` `memory.hole` for an address in a hole of the board that RAM cannot be in.
 */
export function placeRam(specs: readonly RamSpec[], board: BoardRam): readonly PlacedRam[] {
  const placed: PlacedRam[] = [];
  let next = board.base;
  specs.forEach(({ base, size, kind = 'ram', name = `ram${placed.length}` }) => {
    if (base !== undefined && kind === 'ram') requireOutside(board, name, base, size);
    const pieces = base === undefined ? ramPieces(board, next, size) : [{ base, size }];
    pieces.forEach((piece, index) => {
      const gap = placed.length === 0 ? 0 : piece.base - next;
      const padding = gap > 0 && gap <= LARGEST_PADDING ? gap : 0;
      placed.push({ kind, name: index === 0 ? name : `${name}-${index}`, ...piece, padding });
      next = piece.base + piece.size;
    });
  });
  return placed;
}

/** The registers of the board are in its holes, except for those that only hide RAM. */
function requireOutside({ holes = [] }: BoardRam, name: string, base: number, size: number): void {
  const hole = holes.find(
    (range) => range.shadow !== true && base < range.base + range.size && range.base < base + size,
  );
  if (hole === undefined) return;
  const [ram, registers] = [
    [base, size],
    [hole.base, hole.size],
  ].map(([first = 0, bytes = 0]) => `${hexadecimal(first)}-${hexadecimal(first + bytes - 1)}`);
  throw new QvmError(
    'memory.hole',
    `The RAM ${name} (${ram}) does not fit below the hole of the board (${registers}): without an address, it goes on above the hole.`,
  );
}

/** Bytes of VM memory for ranges of RAM and ROM, without their alignment. */
export function bytesOfRam(ranges: readonly PlacedRam[]): number {
  const wholePages = (bytes: number): number => Math.ceil(bytes / WASM_PAGE) * WASM_PAGE;
  return ranges.reduce((sum, { size, padding }) => sum + wholePages(size) + wholePages(padding), 0);
}

/**
 * Adds RAM and ROM to the map of a VM.
 *
 * @throws `QvmError` `memory.alignment`, `memory.range`, `memory.overlap`, `memory.exhausted`.
 */
export function addRam(ranges: readonly PlacedRam[], map: GuestPhysicalMap, memory: VmMemory): void {
  for (const { kind, name, base, size, padding } of ranges) {
    if (padding !== 0) memory.allocate(padding, 1);
    map.addRam(kind, name, base, size);
  }
}
