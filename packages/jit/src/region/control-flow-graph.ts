import { Flow } from '../builder/back-end.js';
import { PAGE_BITS } from '../builder/layout.js';
import type { RawFields } from '../describe/pattern.js';
import type { Row } from '../describe/row.js';

/**
 * One decoded instruction of a region.
 *
 * @experimental
 */
export interface RegionInstruction<B> {
  /** Byte offset in the page. */
  readonly offset: number;
  readonly row: Row<B>;
  readonly fields: RawFields;
  readonly flow: Flow;
  /** Distance of a direct branch in bytes. */
  readonly distance: number;
}

/**
 * A straight run of instructions with one way in.
 *
 * @experimental
 */
export interface Block<B> {
  readonly start: number;
  readonly instructions: readonly RegionInstruction<B>[];
  /** Blocks that follow inside the region: the target of a branch first, then what comes next. −1 leaves the region. */
  readonly successors: readonly number[];
}

/**
 * The blocks of a region, the entry first.
 *
 * @experimental
 */
export interface ControlFlowGraph<B> {
  readonly blocks: readonly Block<B>[];
  readonly instructions: number;
}

/** Decodes the instruction at an offset of the page; `undefined` when it must be left to the interpreter. @experimental */
export type DecodeAt<B> = (offset: number) => RegionInstruction<B> | undefined;

const PAGE_BYTES = 1 << PAGE_BITS;
/** Leaves the region. */
export const OUTSIDE = -1;

/**
 * Collects what is reachable from `entry` by direct branches inside the page.
 *
 * @param limit - most instructions; what is beyond is left to other regions.
 * @experimental
 */
export function buildControlFlowGraph<B>(
  entry: number,
  decode: DecodeAt<B>,
  limit: number,
): ControlFlowGraph<B> | undefined {
  const decoded = discover(entry, decode, limit);
  if (!decoded.has(entry)) return undefined;
  const leaders = findLeaders(entry, decoded);
  const starts = [entry, ...[...leaders].filter((offset) => offset !== entry).sort((x, y) => x - y)];
  const indexOf = new Map(starts.map((offset, i) => [offset, i]));
  const place = (offset: number): number => indexOf.get(offset) ?? OUTSIDE;
  const blocks = starts.map((start) => makeBlock(start, decoded, leaders, place));
  return { blocks, instructions: decoded.size };
}

/** Follows direct control flow, breadth first. */
function discover<B>(entry: number, decode: DecodeAt<B>, limit: number): Map<number, RegionInstruction<B>> {
  const decoded = new Map<number, RegionInstruction<B>>();
  const queue = [entry];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    let offset = next;
    while (offset >= 0 && offset < PAGE_BYTES && !decoded.has(offset) && decoded.size < limit) {
      const instruction = decode(offset);
      if (!instruction) break;
      decoded.set(offset, instruction);
      if (isDirect(instruction.flow)) queue.push(offset + instruction.distance);
      if (instruction.flow !== Flow.Next && instruction.flow !== Flow.Branch) break;
      offset += 4;
    }
  }
  return decoded;
}

const isDirect = (flow: Flow): boolean => flow === Flow.Jump || flow === Flow.Branch;

function findLeaders<B>(entry: number, decoded: ReadonlyMap<number, RegionInstruction<B>>): ReadonlySet<number> {
  const leaders = new Set([entry]);
  for (const { offset, flow, distance } of decoded.values()) {
    if (isDirect(flow) && decoded.has(offset + distance)) leaders.add(offset + distance);
    if (flow === Flow.Branch && decoded.has(offset + 4)) leaders.add(offset + 4);
  }
  return leaders;
}

function makeBlock<B>(
  start: number,
  decoded: ReadonlyMap<number, RegionInstruction<B>>,
  leaders: ReadonlySet<number>,
  place: (offset: number) => number,
): Block<B> {
  const instructions: RegionInstruction<B>[] = [];
  let offset = start;
  for (;;) {
    const instruction = decoded.get(offset) as RegionInstruction<B>;
    instructions.push(instruction);
    offset += 4;
    if (instruction.flow !== Flow.Next || leaders.has(offset) || !decoded.has(offset)) break;
  }
  const last = instructions[instructions.length - 1] as RegionInstruction<B>;
  const target = last.offset + last.distance;
  const successors =
    last.flow === Flow.Branch
      ? [place(target), place(offset)]
      : last.flow === Flow.Jump
        ? [place(target)]
        : last.flow === Flow.Next
          ? [place(offset)]
          : [];
  return { start, instructions, successors };
}
