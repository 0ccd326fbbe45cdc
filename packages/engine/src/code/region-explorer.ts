import type { VmMemory } from '@qvm/core/architecture';
import { buildControlFlowGraph, PAGE_BITS, REGION_MINIMUM } from '@qvm/jit';
import type {
  Builder,
  ControlFlowGraph,
  DecodeAt,
  PredictAt,
  Predecoder,
  RecordPlan,
  RegionCode,
  RegionLimits,
} from '@qvm/jit';
import { PAGE_BYTES } from '../memory/page.js';
import type { CodeCache, RegionPlace } from './code-cache.js';
import type { CodePages } from './code-profile.js';
import { Level } from './hot-places.js';
import type { IndirectBranches } from './indirect-branches.js';

/** Limits of a region at its first translation. */
const PLAIN: RegionLimits = { instructions: 240, callee: 0, depth: 0, pages: 1 };
/** Limits of a region that stays hot. */
const INLINED: RegionLimits = { instructions: REGION_MINIMUM - 32, callee: 120, depth: 4, pages: 12 };
/** Number of targets of an indirect branch that a region follows, wherever they are. */
const PREDICTIONS = 2;
/** The same if the others are near: those of a jump table. */
const NEAR_PREDICTIONS = 8;
const PAGE_OFFSET_MASK = (1 << PAGE_BITS) - 1;

/**
 * A region to be translated.
 *
 * @internal
 */
export interface Candidate<B extends Builder> extends RegionCode<B> {
  readonly place: RegionPlace;
  /** Its pages at the time of discovery. */
  readonly pages: readonly RegionPlace[];
  readonly level: Level;
  readonly inlined: boolean;
  /** Address of the slot of each of the graph's pages, by page number. */
  readonly slots: ReadonlyMap<number, number>;
  /** Low 48 bits of the virtual address of its page at the time of discovery. */
  readonly page: number;
}

/**
 * Follows control from a hot place through decoded code, and determines the region that is worth translating.
 *
 * @internal
 */
export class RegionExplorer<B extends Builder> {
  readonly #plan: RecordPlan;

  constructor(
    private readonly memory: VmMemory,
    private readonly code: CodeCache,
    private readonly predecoder: Predecoder<B>,
    private readonly branches: IndirectBranches,
  ) {
    this.#plan = predecoder.plan;
  }

  /** The region that begins at a place, if there is one. */
  explore(place: RegionPlace, level: Level, pages: CodePages): Candidate<B> | undefined {
    const known = new Map<number, RegionPlace | undefined>([[0, place]]);
    const pageOf = (number: number): RegionPlace | undefined => {
      if (!known.has(number)) {
        const slot = pages.at(number);
        known.set(number, slot === 0 ? undefined : this.code.place(slot));
      }
      return known.get(number);
    };
    const page = pages.address;
    const graph = this.#graph(place.offset, (offset) => this.#decode(offset, pageOf), level, page);
    if (graph === undefined) return undefined;
    const found = graph.pages.map((number) => pageOf(number) as RegionPlace);
    const slots = new Map(graph.pages.map((number, i) => [number, this.#plan.slotOf((found[i] as RegionPlace).ip)]));
    return { place, pages: found, level, inlined: level !== Level.Plain, page, graph, slots };
  }

  /** Whether the pages are unchanged since they were explored. */
  isStable({ pages }: Candidate<B>): boolean {
    return pages.every((page) => this.code.isStable(page));
  }

  #graph(entry: number, decode: DecodeAt<B>, level: Level, page: number): ControlFlowGraph<B> | undefined {
    const predict: PredictAt = (offset) =>
      this.branches
        .targets(page + offset, NEAR_PREDICTIONS)
        .map((to) => to - page)
        .filter((to, i) => i < PREDICTIONS || Math.abs(to - offset) < PAGE_BYTES);
    return buildControlFlowGraph(entry, decode, level === Level.Plain ? PLAIN : INLINED, predict);
  }

  /** Decodes an instruction only if it already has a record: code that was never decoded is cold. */
  #decode(
    offset: number,
    pageOf: (number: number) => RegionPlace | undefined,
  ): ReturnType<Predecoder<B>['decodeForRegion']> {
    const page = pageOf(offset >> PAGE_BITS);
    if (page === undefined) return undefined;
    if (this.code.findDecoded(this.#plan.slotOf(page.ip), offset & PAGE_OFFSET_MASK) === 0) return undefined;
    return this.predecoder.decodeForRegion(this.memory, page.pageOffset, offset);
  }
}
