import type { VmMemory } from '@qvm/core/architecture';
import { PAGE_BITS, RECORD_BYTES, RegionTranslator } from '@qvm/jit';
import type { Builder, ControlFlowGraph, RecordPlan, RegionCode } from '@qvm/jit';
import type { EngineModule } from '../engine-module.js';
import { PAGE_BYTES } from '../memory/page.js';
import type { CodeCache, RegionPlace } from './code-cache.js';
import type { CodePages, CodeProfile } from './code-profile.js';
import { HotPlaces, Level } from './hot-places.js';
import { IndirectBranches } from './indirect-branches.js';
import { LiveRegions } from './live-regions.js';
import type { RegionModule, RegionPart } from './live-regions.js';
import { RegionExplorer } from './region-explorer.js';
import type { Candidate } from './region-explorer.js';
import type { RegionTuning } from './region-tuning.js';

/**
 * A region that was put to use.
 *
 * @experimental
 */
export interface InstalledRegion<B extends Builder> extends RegionCode<B> {
  /** Low 48 bits of the virtual address of its page when it was discovered. Offsets in the graph are relative to it. */
  readonly page: number;
  /** Whether functions that it calls were copied into it. */
  readonly inlined: boolean;
  /** Translates it again, as a module of its own. */
  translate(): Uint8Array;
}

/** Counters of regions, for `stats`. @experimental */
export interface RegionCounters {
  /** Regions put to use. */
  regions: number;
  /** Of them, regions with copies of called functions. */
  inlined: number;
  /** Modules compiled. */
  modules: number;
  /** Bytes of WebAssembly compiled. */
  bytes: number;
  /** Guest instructions translated. */
  translated: number;
  /** Entries that could not be translated. */
  refused: number;
  /** Regions dropped. */
  dropped: number;
  /** Regions of `dropped` that were dropped because there were too many modules. */
  evicted: number;
  /** Host time of translating, in milliseconds. */
  milliseconds: number;
  /** Longest part of `milliseconds` without interruption: the longest pause of the guest. */
  longestPause: number;
}

/** Counters at their start. @internal */
export const newRegionCounters = (): Record<keyof RegionCounters, number> => ({
  regions: 0,
  inlined: 0,
  modules: 0,
  bytes: 0,
  translated: 0,
  refused: 0,
  dropped: 0,
  evicted: 0,
  milliseconds: 0,
  longestPause: 0,
});

/** Candidates that were translated together. */
interface Batch<B extends Builder> {
  readonly candidates: readonly Candidate<B>[];
  readonly exactAlignment: boolean;
}

/**
 * The translated regions of a VM in one mode: finds hot places by sampling, translates them in batches, and drops regions when one
 * of their pages is written or evicted.
 *
 * @experimental
 */
export class RegionCache<B extends Builder> implements CodeProfile {
  readonly #translator: RegionTranslator<B>;
  readonly #explorer: RegionExplorer<B>;
  readonly #plan: RecordPlan;
  readonly #places: HotPlaces;
  readonly #live: LiveRegions;
  readonly #branches = new IndirectBranches();
  #queue: Candidate<B>[] = [];
  /**
   * Installations of compiled modules. A running vCPU performs them, so that nothing changes in a machine that has
   * ended.
   */
  readonly #compiled: (() => void)[] = [];
  /** Samples since the first candidate of the queue arrived. */
  #waited = 0;
  #samples = 0;
  /** For `stats`. */
  readonly counters: RegionCounters = newRegionCounters();

  /** Called for each region that is put to use. Must not run or change guest code. */
  onInstall: ((region: InstalledRegion<B>) => void) | undefined;

  constructor(
    memory: VmMemory,
    private readonly code: CodeCache,
    { instructions, predecoder }: EngineModule<B>,
    private readonly imports: WebAssembly.Imports,
    /** When and how regions are translated. */
    readonly tuning: RegionTuning,
  ) {
    this.#translator = new RegionTranslator<B>(instructions);
    this.#explorer = new RegionExplorer(memory, code, predecoder, this.#branches);
    this.#plan = predecoder.plan;
    this.#places = new HotPlaces(tuning, () => this.counters.translated);
    this.#live = new LiveRegions(memory, code, () => this.counters.dropped++);
  }

  /** The regions and modules in use. */
  get live(): {
    /** Regions in use. */
    readonly regions: number;
    /** Modules that hold some of them, or did. */
    readonly modules: number;
  } {
    return { regions: this.#live.size, modules: this.#live.modules };
  }

  /** Adds the table of regions of a vCPU. */
  addTable(table: WebAssembly.Table): void {
    this.#live.addTable(table);
  }

  nextInterval(): number {
    return this.#places.nextInterval();
  }

  noteBranch(from: number, to: number): void {
    this.#branches.note(from, to);
  }

  sample(pages: CodePages, instructions: number, exactAlignment: boolean): void {
    const { batch, patience } = this.tuning;
    this.#samples++;
    this.#places.addSample(instructions);
    if (this.#compiled.length > 0) for (const use of this.#compiled.splice(0)) this.#timed(use);
    if (this.#queue.length > 0 && (++this.#waited >= patience || this.#queuedInstructions() >= batch))
      this.#timed(() => this.#translate(exactAlignment));
    const slot = pages.at(0);
    const ip = slot === 0 ? 0 : this.code.recordFor(slot, pages.offset);
    if (ip === 0) return;
    this.code.markProfiled(slot);
    const region = this.#live.at(this.#plan.regionAddress(ip));
    if (region) region.owner.seen = this.#samples;
    const level = this.#places.heat(ip, instructions);
    if (level !== undefined) this.#timed(() => this.#consider(ip, level, pages));
  }

  /**
   * Drops the regions that hold code of bytes `from` to `to` (exclusive) of the page of a slot, before its records are
   * dropped. Their places, and places that begin with such an instruction, must become hot again.
   *
   * @returns whether there were such regions.
   */
  drop(slot: number, from: number, to: number): boolean {
    const dropped = this.#live.drop(slot, from, to);
    for (const ip of dropped) this.#places.forget(ip);
    this.#forgetPlaces(slot, from, to);
    return dropped.length > 0;
  }

  /** Forgets the places in a range of the page of a slot: all of its records if it is the whole page. */
  #forgetPlaces(slot: number, from: number, to: number): void {
    if (from === 0 && to === PAGE_BYTES) {
      const [first, end] = this.#plan.bounds(slot);
      for (let ip = first; ip < end; ip += RECORD_BYTES) this.#places.forget(ip);
      return;
    }
    const { unit, longest } = this.#plan.geometry;
    const first = Math.max(0, from - longest + 1);
    for (let offset = first - (first % unit); offset < to; offset += unit) {
      const ip = this.code.findDecoded(slot, offset);
      if (ip !== 0) this.#places.forget(ip);
    }
  }

  #queuedInstructions(): number {
    return this.#queue.reduce((sum, { graph }) => sum + graph.instructions, 0);
  }

  /** Queues a candidate for a place unless its region in use is as good. */
  #consider(ip: number, level: Level, pages: CodePages): void {
    const place = this.code.place(ip);
    if (place === undefined) return;
    if (level === Level.Plain && this.#live.at(place.region) !== undefined) return;
    const candidate = this.#explorer.explore(place, level === Level.Plain ? Level.Plain : Level.Inlined, pages);
    // A place is queued once: a later candidate is larger.
    this.#queue = this.#queue.filter((waiting) => waiting.place.ip !== ip);
    if (candidate === undefined) this.#refuse(place);
    else if (this.#isBetter(candidate)) this.#queue.push(candidate);
  }

  /** Whether a candidate holds more instructions than the region in use at its place. */
  #isBetter({ place, graph }: Candidate<B>): boolean {
    const present = this.#live.at(place.region);
    return present === undefined || graph.instructions > present.instructions;
  }

  #translate(exactAlignment: boolean): void {
    const stable = this.#queue.filter((candidate) => this.#explorer.isStable(candidate));
    this.#queue = [];
    this.#waited = 0;
    if (stable.length > 0) this.#compile(stable, exactAlignment);
  }

  /** Performs work while the guest is paused, and records the time. */
  #timed(work: () => void): void {
    const start = performance.now();
    work();
    const pause = performance.now() - start;
    this.counters.milliseconds += pause;
    this.counters.longestPause = Math.max(this.counters.longestPause, pause);
  }

  #compile(candidates: readonly Candidate<B>[], exactAlignment: boolean): void {
    const bytes = this.#translator.translate(candidates, exactAlignment);
    this.counters.bytes += bytes.length;
    const batch = { candidates, exactAlignment };
    const code = bytes as Uint8Array<ArrayBuffer>;
    if (!this.tuning.background) {
      this.#putToUse(batch, new WebAssembly.Module(code));
      return;
    }
    WebAssembly.compile(code).then(
      (module) => this.#compiled.push(() => this.#putToUse(batch, module)),
      (cause: unknown) => this.#compiled.push(() => fail(cause)),
    );
  }

  #putToUse({ candidates, exactAlignment }: Batch<B>, module: WebAssembly.Module): void {
    if (this.#live.modules >= this.tuning.modules) this.#evict();
    const { exports } = new WebAssembly.Instance(module, this.imports);
    this.counters.modules++;
    const owner = this.#live.openModule(this.#samples);
    candidates.forEach((candidate, i) => {
      // During the compilation, guest code may have been written, or a better region installed.
      if (!this.#explorer.isStable(candidate) || !this.#isBetter(candidate)) return;
      this.#install(candidate, exports[`r${i}`] as WebAssembly.ExportValue, owner, exactAlignment);
    });
    this.#live.closeModule(owner);
  }

  #install(
    { place, inlined, page, graph, slots }: Candidate<B>,
    body: WebAssembly.ExportValue,
    owner: RegionModule,
    exactAlignment: boolean,
  ): void {
    const parts = partsOf(graph, slots);
    if (!this.#live.add(place, body, graph.instructions, parts, owner, exactAlignment)) return;
    this.counters.regions++;
    if (inlined) this.counters.inlined++;
    this.counters.translated += graph.instructions;
    const translate = (): Uint8Array => this.#translator.translate([{ graph, slots }], exactAlignment);
    this.onInstall?.({ graph, slots, page, inlined, translate });
  }

  #refuse({ ip }: RegionPlace): void {
    this.counters.refused++;
    this.#places.refuse(ip);
  }

  /** Makes room for modules. An evicted place must become hot again to be translated. */
  #evict(): void {
    for (const ip of this.#live.evict()) {
      this.#places.cool(ip);
      this.counters.evicted++;
    }
  }
}

/** The code of a region in each of its pages. */
function partsOf<B extends Builder>({ blocks }: ControlFlowGraph<B>, slots: ReadonlyMap<number, number>): RegionPart[] {
  const parts = [...slots].map(([number, slot]) => ({ number, slot, from: PAGE_BYTES, to: 0 }));
  for (const { instructions } of blocks) {
    for (const { offset, length } of instructions) {
      const part = parts.find(({ number }) => number === offset >> PAGE_BITS) as (typeof parts)[number];
      const within = offset & (PAGE_BYTES - 1);
      part.from = Math.min(part.from, within);
      part.to = Math.max(part.to, within + length);
    }
  }
  return parts;
}

function fail(cause: unknown): never {
  throw new Error('a module of regions is not valid', { cause });
}
