import { Flow } from '../builder/back-end.js';
import { pageNumber } from './page-number.js';
import { nextOffset, targetOffset } from './region-instruction.js';
import type { RegionInstruction } from './region-instruction.js';

/**
 * Decodes the instruction at an offset from the region's page; `undefined` if it must be left to the interpreter or is
 * not known to be worth translating.
 *
 * @experimental
 */
export type DecodeAt<B> = (offset: number) => RegionInstruction<B> | undefined;

/**
 * The known targets of an indirect branch at an offset, the most frequent first.
 *
 * @experimental
 */
export type PredictAt = (offset: number) => readonly number[];

/**
 * Limits for the size of a region.
 *
 * @experimental
 */
export interface RegionLimits {
  /** Largest number of instructions in all. */
  readonly instructions: number;
  /** Largest number of instructions of an inlined function; 0: calls leave the region. */
  readonly callee: number;
  /** Largest depth of inlined calls. */
  readonly depth: number;
  /** Largest number of pages. */
  readonly pages: number;
}

/**
 * The code of one function as reached by one call; the region's own function has no parent.
 *
 * @internal
 */
export interface Call<B> {
  readonly parent: Call<B> | undefined;
  readonly entry: number;
  /** Offset of the return address. */
  readonly returnTo: number;
  readonly decoded: ReadonlyMap<number, RegionInstruction<B>>;
  /** Offsets at which blocks begin. */
  readonly leaders: ReadonlySet<number>;
  /** Inlined calls, by the offset of the call instruction. */
  readonly calls: ReadonlyMap<number, Call<B>>;
  /** Return addresses of recursive calls of the region's function. */
  readonly recursion: ReadonlySet<number>;
  /** Observed targets of indirect branches, by the offset of the branch. */
  readonly predicted: ReadonlyMap<number, readonly number[]>;
}

interface OpenCall<B> extends Call<B> {
  readonly parent: OpenCall<B> | undefined;
  readonly decoded: Map<number, RegionInstruction<B>>;
  readonly leaders: Set<number>;
  readonly calls: Map<number, OpenCall<B>>;
  readonly recursion: Set<number>;
  readonly predicted: Map<number, readonly number[]>;
  /** Number of instructions in it and in the calls that it makes. */
  size: number;
  /** Whether it has an instruction that may return. */
  returns: boolean;
}

/**
 * Follows control from `entry`; `undefined` if the first instruction cannot be translated.
 *
 * @internal
 */
export function discover<B>(
  entry: number,
  decode: DecodeAt<B>,
  predict: PredictAt,
  limits: RegionLimits,
): Call<B> | undefined {
  const root = open<B>(undefined, entry, -1);
  new Discovery(decode, predict, limits).explore(root, limits.instructions, 0);
  return root.decoded.size === 0 ? undefined : root;
}

function open<B>(parent: OpenCall<B> | undefined, entry: number, returnTo: number): OpenCall<B> {
  return {
    parent,
    entry,
    returnTo,
    decoded: new Map(),
    leaders: new Set([entry]),
    calls: new Map(),
    recursion: new Set(),
    predicted: new Map(),
    size: 0,
    returns: false,
  };
}

const NOTHING: readonly number[] = [];

class Discovery<B> {
  readonly #pages = new Set([0]);

  constructor(
    private readonly decode: DecodeAt<B>,
    private readonly predict: PredictAt,
    private readonly limits: RegionLimits,
  ) {}

  explore(call: OpenCall<B>, limit: number, depth: number): void {
    const targets: number[] = [];
    const queue = [call.entry];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      let offset = next;
      let page = pageNumber(offset);
      while (!call.decoded.has(offset)) {
        if (call.size >= limit) break;
        const instruction = this.#take(offset);
        if (!instruction) break;
        call.decoded.set(offset, instruction);
        call.size++;
        if (pageNumber(offset) !== page) call.leaders.add(offset);
        page = pageNumber(offset);
        const reached = this.#reached(call, instruction, limit, depth);
        for (let i = 0; i < reached.length; i++) {
          targets.push(reached[i] as number);
          queue.push(reached[i] as number);
        }
        const { flow } = instruction;
        if (flow === Flow.Branch) targets.push(nextOffset(instruction));
        if (flow !== Flow.Next && flow !== Flow.Branch) break;
        offset = nextOffset(instruction);
      }
    }
    for (const target of targets) if (call.decoded.has(target)) call.leaders.add(target);
  }

  /** Offsets that control reaches after an instruction, except for the next instruction. */
  #reached(call: OpenCall<B>, instruction: RegionInstruction<B>, limit: number, depth: number): readonly number[] {
    const { offset, flow } = instruction;
    switch (flow) {
      case Flow.Jump:
      case Flow.Branch:
        return [targetOffset(instruction)];
      case Flow.Indirect: {
        call.returns = true;
        const seen = this.limits.callee === 0 ? [] : this.predict(offset).filter((to) => to !== call.returnTo);
        call.predicted.set(offset, seen);
        return seen;
      }
      case Flow.Call:
        return this.#follow(call, instruction, targetOffset(instruction), limit, depth);
      case Flow.IndirectCall:
        return this.#follow(call, instruction, this.predict(offset)[0], limit, depth);
      default:
        return NOTHING;
    }
  }

  /** Inlines a call if it is worthwhile; returns the offsets to which control then returns. */
  #follow(
    call: OpenCall<B>,
    instruction: RegionInstruction<B>,
    target: number | undefined,
    limit: number,
    depth: number,
  ): readonly number[] {
    if (this.limits.callee === 0 || target === undefined) return [];
    const next = nextOffset(instruction);
    if (call.parent === undefined && target === call.entry) {
      call.recursion.add(next);
      return [next];
    }
    if (depth >= this.limits.depth || isRecursive(call, target)) return [];
    const callee = open(call, target, next);
    const pages = [...this.#pages];
    this.explore(callee, Math.min(this.limits.callee, limit - call.size), depth + 1);
    if (callee.decoded.size === 0 || !callee.returns) {
      this.#pages.clear();
      for (const page of pages) this.#pages.add(page);
      return [];
    }
    call.calls.set(instruction.offset, callee);
    call.size += callee.size;
    return [next];
  }

  #take(offset: number): RegionInstruction<B> | undefined {
    const page = pageNumber(offset);
    const known = this.#pages.has(page);
    if (!known && this.#pages.size >= this.limits.pages) return undefined;
    const instruction = this.decode(offset);
    if (instruction !== undefined && !known) this.#pages.add(page);
    return instruction;
  }
}

function isRecursive<B>(call: OpenCall<B>, target: number): boolean {
  for (let at: OpenCall<B> | undefined = call; at !== undefined; at = at.parent) if (at.entry === target) return true;
  return false;
}
