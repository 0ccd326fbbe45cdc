import type { VmMemory } from '@qvm/core/architecture';
import {
  buildControlFlowGraph,
  EXACT_REGIONS,
  isReducible,
  PAGE_BITS,
  RECORD_BYTES,
  REGION_MINIMUM,
  RegionTranslator,
} from '@qvm/jit';
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
import type { EngineModule } from '../engine-module.js';
import type { CodeCache, RegionPlace } from './code-cache.js';
import { IndirectBranches } from './indirect-branches.js';

/**
 * When the second tier translates.
 *
 * @experimental
 */
export interface RegionTuning {
  /** Samples at one place before it is translated. */
  readonly hot: number;
  /** Samples at a region before it is translated again, with the functions that it calls. */
  readonly hotter: number;
  /** A batch is translated when it has so many instructions, which is how long the guest stands still, */
  readonly batch: number;
  /** or when its first has waited for so many samples. */
  readonly patience: number;
  /** Instructions between two samples, */
  readonly interval: number;
  /** and at most so many times as many while translating takes more than its share of the run. */
  readonly rest: number;
  /** Whether batches are compiled behind the guest's back; otherwise it waits, and a run is the same each time. */
  readonly background: boolean;
  /** How many modules may be in use; then those go whose regions were not seen for longest. */
  readonly modules: number;
}

/**
 * Measured on a boot of Debian's kernel: docs/decisions/0017, 0018 and 0020. Each module is a mapping of the host process, which may have some
 * 65,000.
 *
 * @experimental
 */
export const REGION_TUNING: RegionTuning = {
  hot: 3,
  hotter: 16,
  batch: 2000,
  patience: 400,
  interval: 4096,
  rest: 64,
  background: true,
  modules: 8192,
};

/** How much of what is in use goes at a time when there are too many modules. */
const EVICTED_SHARE = 1 / 4;
/** Places whose heat is remembered. */
const HEAT_LIMIT = 0x1_0000;
/** What a region holds at first, and what it holds when it stays hot. */
const LIMITS: readonly RegionLimits[] = [
  { instructions: 240, callee: 0, depth: 0, pages: 1 },
  { instructions: REGION_MINIMUM - 32, callee: 120, depth: 4, pages: 12 },
];
const PLAIN = 0;
const INLINED = 1;
/** What is still hot is looked at again, because more is known of where its branches go. */
const RETRIES = 2;
/** What translating one instruction costs, in instructions that the guest could have run, */
const TRANSLATION_COST = 1500;
/** and how much of a run may go there before sampling becomes rare. */
const TRANSLATION_SHARE = 0.05;
/** Samples are at most so many times rarer because they bring little news; how many samples that is judged by. */
const LEAST_NEWS = 1 / 16;
const NEWS_SAMPLES = 64;
/** How many targets of an indirect branch a region follows. */
const PREDICTIONS = 2;
const PAGE_OFFSET_MASK = (1 << PAGE_BITS) - 1;

/**
 * Records of the code around a place.
 *
 * @experimental
 */
export interface CodePages {
  /** Address of the slot of the page that is `number` pages after the place's; 0 when none is known. */
  at(number: number): number;
  /** Low 48 bits of the virtual address of the place's page. */
  readonly address: number;
  /** Offset of the place in its page. */
  readonly offset: number;
}

/**
 * What the vCPUs tell of where their guest is.
 *
 * @experimental
 */
export interface CodeProfile {
  /** Instructions until the next sample. */
  nextInterval(): number;
  /** An indirect branch at `from` (0: another way) was seen to go to `to`: low 48 bits of virtual addresses. */
  noteBranch(from: number, to: number): void;
  /**
   * A vCPU has run for `instructions` since the last sample, with or without alignment checking.
   *
   * @param pages - the code around the place where the latest of them began.
   */
  sample(pages: CodePages, instructions: number, exactAlignment: boolean): void;
}

/** A region to be translated. */
interface Candidate<B extends Builder> extends RegionCode<B> {
  readonly place: RegionPlace;
  /** Its pages as they were when it was found. */
  readonly pages: readonly RegionPlace[];
  readonly level: number;
  /** Low 48 bits of the virtual address of its page, where it was found. */
  readonly page: number;
}

/**
 * A region that was put to use.
 *
 * @experimental
 */
export interface InstalledRegion<B extends Builder> extends RegionCode<B> {
  /** Low 48 bits of the virtual address of its page, where it was found: the graph's offsets count from there. */
  readonly page: number;
  /** Whether functions that it calls were copied into it. */
  readonly inlined: boolean;
  /** Translates it again, to a module of its own. */
  translate(): Uint8Array;
}

/** A region in use. */
interface Installed {
  /** Address of its first record, and of its number. */
  readonly ip: number;
  readonly region: number;
  readonly instructions: number;
  /** First records of the pages whose code it holds. */
  readonly slots: readonly number[];
  readonly owner: Owner;
}

/** What was translated at one time. */
interface Batch<B extends Builder> {
  readonly candidates: readonly Candidate<B>[];
  readonly exactAlignment: boolean;
  /** Indices of the candidates that are not in the module. */
  readonly refused: readonly number[];
}

/** A module: its memory is given back when none of its regions is in use. */
interface Owner {
  live: number;
  /** Number of the sample that found one of its regions, the latest of them. */
  seen: number;
}

/**
 * Translated regions of a VM: finds hot places by sampling, translates them in batches, and forgets them when a page of
 * theirs is written or evicted.
 *
 * @experimental
 */
export class RegionCache<B extends Builder> implements CodeProfile {
  readonly #translator: RegionTranslator<B>;
  readonly #predecoder: Predecoder<B>;
  readonly #plan: RecordPlan;
  readonly #heat = new Map<number, number>();
  readonly #refused = new Set<number>();
  readonly #branches = new IndirectBranches();
  readonly #numbers = {
    relaxed: new RegionNumbers(1, EXACT_REGIONS),
    exact: new RegionNumbers(EXACT_REGIONS, 0x1_0000),
  };
  #queue: Candidate<B>[] = [];
  /** What is ready to be put to use. Only a vCPU that runs does that, so that nothing happens to a machine that has ended. */
  readonly #compiled: (() => void)[] = [];
  #waited = 0;
  /** Regions in use, by number. */
  readonly #installed = new Map<number, Installed>();
  /** Numbers of the regions that hold code of a page, by its first record. */
  readonly #bySlot = new Map<number, Set<number>>();
  #liveModules = 0;
  /** Regions, modules, bytes of WebAssembly, guest instructions in them, milliseconds: for `stats`. */
  readonly counters = {
    regions: 0,
    inlined: 0,
    modules: 0,
    bytes: 0,
    translated: 0,
    refused: 0,
    dropped: 0,
    /** Of them because there were too many modules. */
    evicted: 0,
    milliseconds: 0,
    /** Of them in one go, at most: so long the guest stood still. */
    longestPause: 0,
  };

  /** Told of each region that is put to use; may not run or change guest code. */
  onInstall: ((region: InstalledRegion<B>) => void) | undefined;

  constructor(
    private readonly memory: VmMemory,
    private readonly code: CodeCache,
    { instructions, predecoder }: EngineModule<B>,
    private readonly imports: WebAssembly.Imports,
    private readonly tables: readonly WebAssembly.Table[],
    readonly tuning: RegionTuning,
  ) {
    this.#translator = new RegionTranslator<B>(instructions);
    this.#predecoder = predecoder;
    this.#plan = predecoder.plan;
    code.onDrop = (slot) => this.#drop(slot);
  }

  /** What is in use now: regions, and modules that hold some of them or did. */
  get live(): { readonly regions: number; readonly modules: number } {
    return { regions: this.#installed.size, modules: this.#liveModules };
  }

  #random = 1;

  /** Instructions until the next sample: not always the same, or a loop would be seen at one place only. */
  nextInterval(): number {
    // Numerical Recipes' generator, so that a run is the same each time.
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) | 0;
    return (this.#interval >>> 1) + ((this.#random >>> 8) % this.#interval);
  }

  #samples = 0;

  /** A region was seen to run. */
  #touch(ip: number): void {
    const region = this.#installed.get(this.memory.u16[this.#plan.regionAddress(ip) >>> 1] as number);
    if (region) region.owner.seen = this.#samples;
  }

  /** Instructions that were sampled. */
  #sampled = 0;

  /** Part of the latest samples that found a place which may still get better. */
  #news = 1;

  /**
   * Mean distance of samples: short until translating takes too much of the run, or there is little news. What is sampled while
   * they are rare must be the hotter to be translated, so that the share is spent on what is worth it.
   */
  get #interval(): number {
    const { interval, rest } = this.tuning;
    const excess = (this.counters.translated * TRANSLATION_COST) / Math.max(1, this.#sampled * TRANSLATION_SHARE);
    const rarer = Math.min(rest, Math.max(1, excess ** 2));
    return Math.floor((interval * rarer) / Math.max(this.#news, LEAST_NEWS));
  }

  noteBranch(from: number, to: number): void {
    this.#branches.note(from, to);
  }

  sample(pages: CodePages, instructions: number, exactAlignment: boolean): void {
    const { batch, patience } = this.tuning;
    this.#samples++;
    this.#sampled += instructions;
    if (this.#compiled.length > 0) for (const use of this.#compiled.splice(0)) this.#timed(use);
    if (this.#queue.length > 0 && (++this.#waited >= patience || this.#queuedInstructions() >= batch))
      this.#timed(() => this.#translate(exactAlignment));
    const slot = pages.at(0);
    const ip = slot === 0 ? 0 : this.code.recordFor(slot, pages.offset);
    if (ip === 0) return;
    this.#touch(ip);
    if (this.#refused.has(ip)) return;
    if (this.#heat.size >= HEAT_LIMIT) this.#heat.clear();
    const before = this.#heat.get(ip) ?? 0;
    const count = before + Math.max(1, Math.floor(instructions / this.#interval));
    this.#heat.set(ip, count);
    const level = this.#levelAt(count);
    this.#news += ((level < INLINED + RETRIES ? 1 : 0) - this.#news) / NEWS_SAMPLES;
    if (level < 0 || level === this.#levelAt(before)) return;
    this.#timed(() => this.#consider(ip, level, pages));
  }

  #queuedInstructions(): number {
    return this.#queue.reduce((sum, { graph }) => sum + graph.instructions, 0);
  }

  /** How much a place with so many samples deserves: an index of {@link LIMITS}, or more; −1 for nothing. */
  #levelAt(samples: number): number {
    const { hot, hotter } = this.tuning;
    if (samples < hotter) return samples < hot ? -1 : PLAIN;
    return INLINED + Math.min(RETRIES, Math.floor(Math.log2(samples / hotter) / 2));
  }

  /** Queues a region unless there is one as good. */
  #consider(ip: number, level: number, pages: CodePages): void {
    const place = this.code.place(ip);
    if (place === undefined) return;
    const present = this.#installed.get(this.memory.u16[place.region >>> 1] as number);
    if (present !== undefined && level === PLAIN) return;
    const candidate = this.#explore(place, Math.min(level, INLINED), pages);
    // A place waits once: what is found later follows more.
    this.#queue = this.#queue.filter((waiting) => waiting.place.ip !== ip);
    if (candidate === undefined) this.#refuse(place);
    else if (this.#isBetter(candidate)) this.#queue.push(candidate);
  }

  /** Whether a region would hold more than the one in use, if there is one. */
  #isBetter({ place, graph }: Candidate<B>): boolean {
    const present = this.#installed.get(this.memory.u16[place.region >>> 1] as number);
    return present === undefined || graph.instructions > present.instructions;
  }

  #explore(place: RegionPlace, level: number, pages: CodePages): Candidate<B> | undefined {
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
    return { place, pages: found, level, page, graph, slots };
  }

  /**
   * Structured code needs a reducible graph: where control ties knots, fewer indirect branches are followed, then fewer
   * instructions.
   */
  #graph(entry: number, decode: DecodeAt<B>, level: number, page: number): ControlFlowGraph<B> | undefined {
    let limits = LIMITS[level] as RegionLimits;
    let most = level === PLAIN ? 0 : PREDICTIONS;
    for (;;) {
      const followed = most;
      const predict: PredictAt = (offset) => this.#branches.targets(page + offset, followed).map((to) => to - page);
      const graph = buildControlFlowGraph(entry, decode, limits, predict);
      if (graph === undefined || isReducible(graph)) return graph;
      if (most > 0) most--;
      else limits = { ...limits, instructions: limits.instructions >> 1 };
    }
  }

  /** Only what has been decoded: the rest is cold. */
  #decode(
    offset: number,
    pageOf: (number: number) => RegionPlace | undefined,
  ): ReturnType<Predecoder<B>['decodeForRegion']> {
    const page = pageOf(offset >> PAGE_BITS);
    if (page === undefined) return undefined;
    if (this.code.findDecoded(this.#plan.slotOf(page.ip), offset & PAGE_OFFSET_MASK) === 0) return undefined;
    return this.#predecoder.decodeForRegion(this.memory, page.pageOffset, offset);
  }

  #translate(exactAlignment: boolean): void {
    const stable = this.#queue.filter((candidate) => this.#isStable(candidate));
    this.#queue = [];
    this.#waited = 0;
    if (stable.length > 0) this.#install(stable, exactAlignment);
  }

  /** Does what the guest stands still for. */
  #timed(work: () => void): void {
    const start = performance.now();
    work();
    const pause = performance.now() - start;
    this.counters.milliseconds += pause;
    this.counters.longestPause = Math.max(this.counters.longestPause, pause);
  }

  /** The pages may have changed since they were explored. */
  #isStable({ pages }: Candidate<B>): boolean {
    return pages.every((page) => this.code.isStable(page));
  }

  #install(candidates: readonly Candidate<B>[], exactAlignment: boolean): void {
    const { bytes, refused } = this.#translator.translate(candidates, exactAlignment);
    this.counters.bytes += bytes.length;
    const batch = { candidates, exactAlignment, refused };
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

  #putToUse({ candidates, exactAlignment, refused }: Batch<B>, module: WebAssembly.Module): void {
    if (this.#liveModules >= this.tuning.modules) this.#evict();
    const { exports } = new WebAssembly.Instance(module, this.imports);
    this.counters.modules++;
    const owner = { live: 0, seen: this.#samples };
    this.#liveModules++;
    candidates.forEach((candidate, i) => {
      // Guest code may have been written while V8 was at work, and a better region have come first.
      if (!this.#isStable(candidate) || !this.#isBetter(candidate)) return;
      if (refused.includes(i)) this.#refuse(candidate.place);
      else this.#enter(candidate, exports[`r${i}`] as WebAssembly.ExportValue, owner, exactAlignment);
    });
    if (owner.live === 0) this.#liveModules--;
  }

  #enter(
    { place, level, page, graph, slots }: Candidate<B>,
    body: WebAssembly.ExportValue,
    owner: Owner,
    exactAlignment: boolean,
  ): void {
    const { u16 } = this.memory;
    const number = (exactAlignment ? this.#numbers.exact : this.#numbers.relaxed).take();
    if (number === undefined) return;
    const before = u16[place.region >>> 1] as number;
    // Before the release: what is replaced may be of the same module.
    owner.live++;
    if (before !== 0) this.#release(before);
    for (const table of this.tables) table.set(number, body);
    u16[place.region >>> 1] = number;
    const pages = [...slots.values()];
    this.#installed.set(number, {
      ip: place.ip,
      region: place.region,
      instructions: graph.instructions,
      slots: pages,
      owner,
    });
    for (const slot of pages) {
      this.code.markRegions(slot);
      const numbers = this.#bySlot.get(slot) ?? new Set();
      this.#bySlot.set(slot, numbers.add(number));
    }
    this.counters.regions++;
    if (level === INLINED) this.counters.inlined++;
    this.counters.translated += graph.instructions;
    this.onInstall?.({
      graph,
      slots,
      page,
      inlined: level === INLINED,
      translate: () => this.#translator.translate([{ graph, slots }], exactAlignment).bytes,
    });
  }

  #refuse(place: RegionPlace): void {
    this.counters.refused++;
    this.#refused.add(place.ip);
  }

  /** Forgets the regions that hold code of the page of a slot. */
  #drop(slot: number): void {
    for (const number of this.#bySlot.get(slot) ?? []) this.#release(number);
    const [first, end] = this.#plan.bounds(slot);
    for (let ip = first; ip < end; ip += RECORD_BYTES) {
      this.#heat.delete(ip);
      this.#refused.delete(ip);
    }
  }

  /** Forgets the modules that were not seen for longest: what is wanted again must become hot again. */
  #evict(): void {
    const owners = [...new Set([...this.#installed.values()].map(({ owner }) => owner))].sort(
      (x, y) => x.seen - y.seen,
    );
    const cold = new Set(owners.slice(0, Math.ceil(owners.length * EVICTED_SHARE)));
    for (const [number, { owner, ip }] of [...this.#installed]) {
      if (!cold.has(owner)) continue;
      this.#release(number);
      this.#heat.delete(ip);
      this.counters.evicted++;
    }
  }

  #release(number: number): void {
    const { region, slots, owner } = this.#installed.get(number) as Installed;
    this.memory.u16[region >>> 1] = 0;
    this.#installed.delete(number);
    if (--owner.live === 0) this.#liveModules--;
    for (const slot of slots) this.#bySlot.get(slot)?.delete(number);
    this.counters.dropped++;
    for (const table of this.tables) table.set(number, null);
    (number < EXACT_REGIONS ? this.#numbers.relaxed : this.#numbers.exact).give(number);
  }
}

function fail(cause: unknown): never {
  throw new Error('a module of regions is not valid', { cause });
}

/** Hands out numbers of a range. */
class RegionNumbers {
  readonly #free: number[] = [];

  constructor(
    private next: number,
    private readonly end: number,
  ) {}

  take(): number | undefined {
    return this.#free.pop() ?? (this.next < this.end ? this.next++ : undefined);
  }

  give(number: number): void {
    this.#free.push(number);
  }
}
