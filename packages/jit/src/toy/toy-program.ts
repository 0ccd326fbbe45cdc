import { toyLength } from './toy-isa.js';
import { TOY_CODE, TOY_CODE_BYTES, TOY_DATA, TOY_DATA_BYTES } from './toy-reference.js';

/** Random numbers: each call returns one of 0 … `below` − 1. @experimental */
export type RandomSource = (below: number) => number;

/**
 * Fills the code pages with instructions: many jumps, most of them to instructions, a few into the middle of one.
 *
 * @param dataAt - the address of an access.
 * @experimental
 */
export function randomToyCode(
  random: RandomSource,
  code: Uint8Array,
  dataAt = (): number => TOY_DATA + 0x800 + random(TOY_DATA_BYTES / 4),
): void {
  const starts: number[] = [];
  for (let at = 0; at < TOY_CODE_BYTES;) {
    const bytes = randomInstruction(random, at, starts, dataAt);
    starts.push(at);
    for (const byte of bytes) if (at < TOY_CODE_BYTES) code[at++] = byte;
  }
}

/** One instruction at an offset; `starts` are the offsets of the instructions before it. */
function randomInstruction(
  random: RandomSource,
  at: number,
  starts: readonly number[],
  dataAt: () => number,
): number[] {
  const byte = (): number => random(256);
  const kind = random(16);
  if (kind < 3) return [random(8)];
  if (kind < 4) return [[0x19, 0x1b, 0x1c, 0x18][random(4)] as number];
  if (kind < 8) return [0x20 | (random(8) << 2), byte()];
  if (kind < 11) return near(0x40 | (random(8) << 2), at, random, starts);
  if (kind < 12) return near(0x60 | (random(2) << 4), at, random, starts);
  if (kind < 13) return random(4) === 0 ? far(0xa0 | (random(2) << 4), at, random, starts) : [random(8)];
  const register = random(7);
  if (kind < 14) {
    // Loads an address into a register and jumps to it.
    const to = TOY_CODE + pick(random, at, starts);
    return [0x80 | (register << 2), to >> 8, to & 255, (random(2) === 0 ? 0x08 : 0x10) | register];
  }
  const address = dataAt();
  const access = [0xc0 | (random(2) << 4) | (random(8) << 1), (register << 5) | (random(4) === 0 ? 15 : 0), byte()];
  return [0x80 | (register << 2), address >> 8, address & 255, ...access];
}

/** An offset to jump to, mostly of an instruction and mostly near. */
function pick(random: RandomSource, at: number, starts: readonly number[]): number {
  const ahead = at + 2 + random(100);
  if (starts.length === 0 || random(3) === 0) return Math.min(TOY_CODE_BYTES - 1, ahead);
  return starts[Math.max(0, starts.length - 1 - random(random(8) === 0 ? starts.length : 40))] as number;
}

function near(first: number, at: number, random: RandomSource, starts: readonly number[]): number[] {
  const distance = pick(random, at, starts) - (at + toyLength(first));
  return [first, Math.min(127, Math.max(-128, distance)) & 255];
}

function far(first: number, at: number, random: RandomSource, starts: readonly number[]): number[] {
  const distance = pick(random, at, starts) - (at + toyLength(first));
  return [first, (distance >> 8) & 255, distance & 255];
}
