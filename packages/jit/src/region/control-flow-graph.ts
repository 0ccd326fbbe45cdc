import { Flow } from '../builder/back-end.js';
import { discover } from './discovery.js';
import type { Call, DecodeAt, PredictAt, RegionLimits } from './discovery.js';
import { computeDominance } from './dominators.js';
import type { Dominance } from './dominators.js';
import { pageNumber } from './page-number.js';
import { nextOffset, targetOffset } from './region-instruction.js';
import type { RegionInstruction } from './region-instruction.js';
import { withSingleEntryLoops } from './single-entry-loops.js';
import type { AddedNode } from './single-entry-loops.js';

/**
 * How the successor of a block is chosen. `flow`: by its last instruction. `return`: the first one if the indirect
 * branch goes to `to`, an offset from the region's page. `page`: the first one if page number `to` still holds the
 * translated code. `dispatch`: by the way that the last block of kind `select` has set.
 *
 * @experimental
 */
export type BlockEnd =
  | {
      /** Decides between the successors. */
      readonly kind: 'flow' | 'return' | 'page';
      /** Offset of a `return`, page number of a `page`; 0 otherwise. */
      readonly to: number;
      /** Offset of the branch that ends the block. */
      readonly from: number;
    }
  | AddedNode;

/**
 * A straight run of instructions with one entry.
 *
 * @experimental
 */
export interface Block<B> {
  /** Offset of its first instruction. */
  readonly start: number;
  /** Its instructions, in order; none where the block only decides. */
  readonly instructions: readonly RegionInstruction<B>[];
  /**
   * Successor blocks inside the region: the target of a branch first, then the block after it. −1 leaves the region. A
   * block of kind `dispatch` may have more than two.
   */
  readonly successors: readonly number[];
  /** How control leaves the block. */
  readonly end: BlockEnd;
}

/**
 * The blocks of a region, the entry first.
 *
 * @experimental
 */
export interface ControlFlowGraph<B> {
  /** The blocks; the first one is the entry. */
  readonly blocks: readonly Block<B>[];
  /** Number of instructions in all blocks. */
  readonly instructions: number;
  /** Numbers of the pages with its code, relative to the entry's page (0). */
  readonly pages: readonly number[];
  /** Order and dominators of the blocks. */
  readonly dominance: Dominance;
}

/** The successor outside of the region. */
export const OUTSIDE = -1;
const FLOW: BlockEnd = { kind: 'flow', to: 0, from: 0 };

/**
 * Collects the code that is reachable from `entry` by direct branches, and by calls and returns within `limits`. A
 * callee is copied for each call, so that its return has one destination. An indirect branch goes to its predicted
 * targets or leaves.
 *
 * @param entry - offset in the page.
 * @experimental
 */
export function buildControlFlowGraph<B>(
  entry: number,
  decode: DecodeAt<B>,
  limits: RegionLimits,
  predict: PredictAt = () => [],
): ControlFlowGraph<B> | undefined {
  const root = discover(entry, decode, predict, limits);
  return root === undefined ? undefined : new Linker(root).link();
}

interface OpenBlock<B> extends Block<B> {
  readonly instructions: RegionInstruction<B>[];
  readonly successors: number[];
  end: BlockEnd;
}

/** Makes blocks of discovered code. */
class Linker<B> {
  readonly #blocks: OpenBlock<B>[] = [];
  /** The block of each leader, by call. */
  readonly #indices = new Map<Call<B>, Map<number, number>>();
  readonly #pages = new Set([0]);
  #instructions = 0;

  constructor(private readonly root: Call<B>) {}

  link(): ControlFlowGraph<B> {
    const calls: Call<B>[] = [];
    this.#enter(this.root, calls);
    for (const call of calls) for (const [start, index] of this.#indicesOf(call)) this.#fill(call, start, index);
    const dominance = dominanceOf(this.#blocks);
    const found = { instructions: this.#instructions, pages: [...this.#pages] };
    if (dominance.reducible) return { blocks: this.#blocks, ...found, dominance };
    const blocks = reducible(this.#blocks);
    return { blocks, ...found, dominance: dominanceOf(blocks) };
  }

  /** Numbers the blocks of a call and of the calls in it, the entry first. */
  #enter(call: Call<B>, calls: Call<B>[]): void {
    calls.push(call);
    const indices = new Map<number, number>();
    this.#indices.set(call, indices);
    const others = [...call.leaders].filter((start) => start !== call.entry).sort((x, y) => x - y);
    for (const start of [call.entry, ...others]) {
      indices.set(start, this.#blocks.length);
      this.#blocks.push({ start, instructions: [], successors: [], end: FLOW });
    }
    for (const callee of call.calls.values()) this.#enter(callee, calls);
  }

  /** Block numbers of a call by the offsets at which the blocks begin. */
  #indicesOf(call: Call<B>): ReadonlyMap<number, number> {
    return this.#indices.get(call) as Map<number, number>;
  }

  #fill(call: Call<B>, start: number, index: number): void {
    const block = this.#blocks[index] as OpenBlock<B>;
    const page = pageNumber(start);
    this.#pages.add(page);
    let offset = start;
    for (;;) {
      const instruction = call.decoded.get(offset) as RegionInstruction<B>;
      block.instructions.push(instruction);
      this.#instructions++;
      offset = nextOffset(instruction);
      if (instruction.flow !== Flow.Next || call.leaders.has(offset) || !call.decoded.has(offset)) break;
    }
    this.#leave(call, block, page);
  }

  #leave(call: Call<B>, block: OpenBlock<B>, page: number): void {
    const last = block.instructions[block.instructions.length - 1] as RegionInstruction<B>;
    const target = targetOffset(last);
    const next = nextOffset(last);
    const edgeTo = (offset: number): number => this.#edge(call, offset, page);
    switch (last.flow) {
      case Flow.Branch:
        block.successors.push(edgeTo(target), edgeTo(next));
        break;
      case Flow.Jump:
        block.successors.push(edgeTo(target));
        break;
      case Flow.Next:
        block.successors.push(edgeTo(next));
        break;
      case Flow.Call: {
        const callee = call.calls.get(last.offset);
        if (callee !== undefined) block.successors.push(this.#edge(callee, target, page));
        else block.successors.push(call.recursion.has(next) ? 0 : OUTSIDE);
        break;
      }
      case Flow.IndirectCall: {
        const callee = call.calls.get(last.offset);
        const entered = callee ?? (call.recursion.has(next) ? call : undefined);
        this.#choose(block, last.offset, entered === undefined ? [] : [[entered, entered.entry]], page);
        break;
      }
      case Flow.Indirect:
        this.#choose(block, last.offset, this.#continuations(call, last.offset), page);
        break;
      default:
    }
  }

  /**
   * Targets of an indirect branch inside the region: the instruction after the call that it returns from, then its
   * observed targets. The region's own function returns to the instructions after its recursive calls.
   */
  #continuations(call: Call<B>, from: number): readonly (readonly [Call<B>, number])[] {
    const { parent } = call;
    const returns = parent === undefined ? [...call.recursion] : [call.returnTo];
    const caller = parent ?? call;
    const seen = call.predicted.get(from) ?? [];
    return [
      ...returns.map((to) => [caller, to] as const),
      ...seen.filter((to) => !returns.includes(to)).map((to) => [call, to] as const),
    ];
  }

  /** Ends a block with an indirect branch by a chain of comparisons. */
  #choose(block: OpenBlock<B>, from: number, targets: readonly (readonly [Call<B>, number])[], page: number): void {
    let at = block;
    at.end = { kind: 'flow', to: 0, from };
    targets.forEach(([call, to], i) => {
      at.end = { kind: 'return', to, from };
      at.successors.push(this.#edge(call, to, page));
      if (i === targets.length - 1) {
        at.successors.push(OUTSIDE);
        return;
      }
      at.successors.push(this.#blocks.length);
      at = { start: block.start, instructions: [], successors: [], end: FLOW };
      this.#blocks.push(at);
    });
  }

  /** The block at `offset`, or a block before it that checks its page. */
  #edge(call: Call<B>, offset: number, page: number): number {
    const index = this.#indicesOf(call).get(offset);
    if (index === undefined) return OUTSIDE;
    if (pageNumber(offset) === page || pageNumber(offset) === 0) return index;
    this.#blocks.push({
      start: offset,
      instructions: [],
      successors: [index, OUTSIDE],
      end: { kind: 'page', to: pageNumber(offset), from: offset },
    });
    return this.#blocks.length - 1;
  }
}

const dominanceOf = <B>(blocks: readonly Block<B>[]): Dominance =>
  computeDominance(blocks.map(({ successors }) => successors));

/** The blocks, and those that give each loop a single entry. */
function reducible<B>(blocks: readonly Block<B>[]): readonly Block<B>[] {
  const { successors, added } = withSingleEntryLoops(blocks.map((block) => block.successors));
  return successors.map((to, n) => {
    const block = blocks[n];
    if (block !== undefined) return { ...block, successors: to };
    const end = added[n - blocks.length] as AddedNode;
    return {
      start: end.kind === 'select' ? (blocks[end.to] as Block<B>).start : 0,
      instructions: [],
      successors: to,
      end,
    };
  });
}
