import { Flow } from '../builder/back-end.js';
import type { DecodeAt, PredictAt, RegionInstruction, RegionLimits } from './control-flow-graph.js';
import { pageNumber } from './page-number.js';

/**
 * The code of one function as it is reached by one call; the region's own function has no parent.
 *
 * @internal
 */
export interface Call<B> {
  readonly parent: Call<B> | undefined;
  readonly entry: number;
  /** Where it returns to. */
  readonly returnTo: number;
  readonly decoded: ReadonlyMap<number, RegionInstruction<B>>;
  /** Offsets at which blocks begin. */
  readonly leaders: ReadonlySet<number>;
  /** Calls that were followed, by the offset of the instruction. */
  readonly calls: ReadonlyMap<number, Call<B>>;
  /** Return points of calls of the region's function to itself. */
  readonly recursion: ReadonlySet<number>;
  /** Where indirect branches were seen to go, by their offsets. */
  readonly predicted: ReadonlyMap<number, readonly number[]>;
}

interface OpenCall<B> extends Call<B> {
  readonly parent: OpenCall<B> | undefined;
  readonly decoded: Map<number, RegionInstruction<B>>;
  readonly leaders: Set<number>;
  readonly calls: Map<number, OpenCall<B>>;
  readonly recursion: Set<number>;
  readonly predicted: Map<number, readonly number[]>;
  /** Instructions in it and in the calls that it makes. */
  size: number;
  /** It has an instruction that may return. */
  returns: boolean;
}

/**
 * Follows control from `entry`; `undefined` when not even the first instruction can be taken.
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
        const { flow, distance } = instruction;
        if (flow === Flow.Jump || flow === Flow.Branch) {
          targets.push(offset + distance);
          queue.push(offset + distance);
        }
        if (flow === Flow.Branch) targets.push(offset + 4);
        if (flow === Flow.Indirect) {
          call.returns = true;
          const seen = this.limits.callee === 0 ? [] : this.predict(offset).filter((to) => to !== call.returnTo);
          call.predicted.set(offset, seen);
          targets.push(...seen);
          queue.push(...seen);
        }
        const [callee] =
          flow === Flow.Call ? [offset + distance] : flow === Flow.IndirectCall ? this.predict(offset) : [];
        if (callee !== undefined && this.#follow(call, offset, callee, limit, depth)) {
          targets.push(offset + 4);
          queue.push(offset + 4);
        }
        if (flow !== Flow.Next && flow !== Flow.Branch) break;
        offset += 4;
      }
    }
    for (const target of targets) if (call.decoded.has(target)) call.leaders.add(target);
  }

  /** Follows a call if it is worth it; whether control comes back to what follows it. */
  #follow(call: OpenCall<B>, offset: number, target: number, limit: number, depth: number): boolean {
    if (this.limits.callee === 0) return false;
    if (call.parent === undefined && target === call.entry) {
      call.recursion.add(offset + 4);
      return true;
    }
    if (depth >= this.limits.depth || isRecursive(call, target)) return false;
    const callee = open(call, target, offset + 4);
    const pages = [...this.#pages];
    this.explore(callee, Math.min(this.limits.callee, limit - call.size), depth + 1);
    if (callee.decoded.size === 0 || !callee.returns) {
      this.#pages.clear();
      for (const page of pages) this.#pages.add(page);
      return false;
    }
    call.calls.set(offset, callee);
    call.size += callee.size;
    return true;
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
