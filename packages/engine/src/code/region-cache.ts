import type { VmMemory } from '@qvm/core/architecture';
import { RECORD_BYTES, RegionTranslator } from '@qvm/jit';
import type { Builder, RecordPlan, RegionCode } from '@qvm/jit';
import type { EngineModule } from '../engine-module.js';
import { PAGE_BYTES } from '../memory/page.js';
import type { CodeCache, RegionPlace } from './code-cache.js';
import type { CodePages, CodeProfile } from './code-profile.js';
import { EarlierModules } from './earlier-modules.js';
import { HotPlaces, Level } from './hot-places.js';
import { IndirectBranches } from './indirect-branches.js';
import { LiveRegions } from './live-regions.js';
import { newRegionCounters } from './region-counters.js';
import type { RegionCounters } from './region-counters.js';
import { RegionExplorer } from './region-explorer.js';
import type { Candidate } from './region-explorer.js';
import type { RegionLinks } from './region-links.js';
import { RegionModule } from './region-module.js';
import type { ModuleContents, Translation } from './region-module.js';
import type { RegionTuning } from './region-tuning.js';
import { headOf, TranslationLibrary } from './translation-library.js';
import type { Volume } from './translation-library.js';
import { partsAt, translationOf } from './translation.js';

/**
 * A region that was put to use.
 *
 * @experimental
 */
export interface InstalledRegion<B extends Builder> extends RegionCode<B> {
  /** Address of the slot of each of the graph's pages, by page number. */
  readonly slots: ReadonlyMap<number, number>;
  /** Low 48 bits of the virtual address of its page when it was discovered. Offsets in the graph are relative to it. */
  readonly page: number;
  /** Whether functions that it calls were copied into it. */
  readonly inlined: boolean;
  /** Translates it again, as a module of its own. */
  translate(): Uint8Array;
}

/** Whether a translation that exists is used at a place. */
enum Known {
  /** There is none that is larger than the region in use. */
  None,
  /** There is one, whose module is not compiled yet. */
  Later,
  Used,
}

/** Most bytes of WebAssembly in all modules; the machine code is about twice as large. */
const MOST_BYTES = 0x200_0000;
/** Share of the modules that are evicted when there are too many. */
const EVICTED_SHARE = 1 / 4;
/** Samples after which the translations of earlier runs are compiled in the background: by then, the interpreter has been. */
const SAMPLES_BEFORE_KNOWN = 256;

/**
 * The translated regions of a VM in one mode: finds hot places by sampling, translates them in batches, and drops regions when one
 * of their pages is written or evicted. A translation outlives the places where it was used: it is used again where the
 * same code is found, also in another run.
 *
 * @experimental
 */
export class RegionCache<B extends Builder> implements CodeProfile {
  readonly #translator: RegionTranslator<B>;
  readonly #explorer: RegionExplorer<B>;
  readonly #plan: RecordPlan;
  readonly #places: HotPlaces;
  readonly #live: LiveRegions;
  readonly #library = new TranslationLibrary();
  readonly #branches = new IndirectBranches();
  #queue: Candidate<B>[] = [];
  /**
   * Installations of compiled modules. A running vCPU performs them, so that nothing changes in a machine that has
   * ended.
   */
  readonly #compiled: (() => void)[] = [];
  readonly #earlier: EarlierModules;
  /** Samples since the first candidate of the queue arrived. */
  #waited = 0;
  #samples = 0;
  /** For `stats`. */
  readonly counters: RegionCounters = newRegionCounters();

  /** Called for each region that is translated and put to use. Must not run or change guest code. */
  onInstall: ((region: InstalledRegion<B>) => void) | undefined;

  constructor(
    private readonly memory: VmMemory,
    private readonly code: CodeCache,
    { instructions, predecoder }: EngineModule<B>,
    private readonly imports: WebAssembly.Imports,
    private readonly links: RegionLinks,
    /** When and how regions are translated. */
    readonly tuning: RegionTuning,
  ) {
    this.#translator = new RegionTranslator<B>(instructions);
    this.#explorer = new RegionExplorer(memory, code, predecoder, this.#branches);
    this.#plan = predecoder.plan;
    this.#places = new HotPlaces(tuning, () => this.counters.translated);
    this.#live = new LiveRegions(memory, code, () => this.counters.dropped++);
    this.#earlier = new EarlierModules(tuning.background, {
      open: (module, compile) => this.#openKnown(module, compile),
      arrived: (open) => this.#compiled.push(open),
      refused: (module) => this.#library.remove(module),
    });
  }

  /** The regions and modules in use. */
  get live(): {
    /** Regions in use. */
    readonly regions: number;
    /** Modules of this run, and of earlier ones. */
    readonly modules: number;
  } {
    return { regions: this.#live.size, modules: this.#library.modules.size };
  }

  /** All modules: the translations of this run and those that were added. */
  get modules(): Iterable<RegionModule> {
    return this.#library.modules;
  }

  /** Adds translations of earlier runs. They are used where the same code is found. */
  addModules(contents: readonly ModuleContents[]): void {
    for (const content of contents) {
      const module = new RegionModule(content);
      this.#library.add(module);
      this.#earlier.add(module);
    }
    this.#places.known ||= contents.length > 0;
    if (!this.tuning.background || this.#samples >= SAMPLES_BEFORE_KNOWN) this.#earlier.compile();
  }

  /** The VM has ended: no more modules are compiled. */
  end(): void {
    this.#earlier.clear();
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
    if (this.#samples === SAMPLES_BEFORE_KNOWN) this.#earlier.compile();
    if (this.#compiled.length > 0) for (const use of this.#compiled.splice(0)) this.#timed(use);
    if (this.#queue.length > 0 && (++this.#waited >= patience || this.#queuedInstructions() >= batch))
      this.#timed(() => this.#translate(exactAlignment));
    const slot = pages.at(0);
    const ip = slot === 0 ? 0 : this.code.recordFor(slot, pages.offset);
    if (ip === 0) return;
    this.code.markProfiled(slot);
    const region = this.#live.at(this.#plan.regionAddress(ip));
    if (region) region.module.seen = this.#samples;
    else if (this.#useKnown(ip, pages, exactAlignment) !== Known.None) return;
    const level = this.#places.heat(ip, instructions);
    if (level === undefined || (region && this.#useKnown(ip, pages, exactAlignment) !== Known.None)) return;
    this.#timed(() => this.#consider(ip, level, pages));
  }

  begin(ip: number, pages: CodePages, exactAlignment: boolean): boolean {
    if (!this.#places.known || this.#live.at(this.#plan.regionAddress(ip)) !== undefined) return false;
    return this.#useKnown(ip, pages, exactAlignment) === Known.Used;
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

  /**
   * Puts the largest translation to use whose code is at a place, if it is larger than the region in use.
   *
   * @returns whether there was one, or will be when its module is compiled.
   */
  #useKnown(ip: number, pages: CodePages, exactAlignment: boolean): Known {
    const place = this.code.place(ip);
    if (place === undefined) return Known.None;
    const present = this.#live.at(place.region)?.translation.instructions ?? 0;
    for (const volume of this.#library.find(place.offset, headOf(this.memory, place), exactAlignment)) {
      const { module, translation } = volume;
      if (translation.instructions <= present) return Known.None;
      if (module.linked.has(translation)) continue;
      const parts = partsAt(translation, pages, this.code, this.memory);
      if (parts === undefined) continue;
      // It will be there soon: nothing smaller is translated meanwhile.
      if (module.linksAt === undefined) return Known.Later;
      if (!this.#live.add(place, volume, parts)) continue;
      module.seen = this.#samples;
      this.#places.reach(ip, translation.level);
      this.counters.regions++;
      this.counters.known += translation.instructions;
      return Known.Used;
    }
    return Known.None;
  }

  #queuedInstructions(): number {
    return this.#queue.reduce((sum, { graph }) => sum + graph.instructions, 0);
  }

  /** Queues a candidate for a place unless its region in use is as good. */
  #consider(ip: number, level: Level, pages: CodePages): void {
    const place = this.code.place(ip);
    if (place === undefined) return;
    if (level === Level.Plain && this.#live.at(place.region) !== undefined) return;
    const candidate = this.#explorer.explore(place, level, pages);
    // A place is queued once: a later candidate is larger.
    this.#queue = this.#queue.filter((waiting) => waiting.place.ip !== ip);
    if (candidate === undefined) this.#refuse(place);
    else if (this.#isBetter(candidate)) this.#queue.push(candidate);
  }

  /** Whether a candidate holds more instructions than the region in use at its place. */
  #isBetter({ place, graph }: Candidate<B>): boolean {
    const present = this.#live.at(place.region);
    return present === undefined || graph.instructions > present.translation.instructions;
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
    const { bytes, links, regions } = this.#translator.translate(candidates, exactAlignment);
    this.counters.bytes += bytes.length;
    const translations = candidates.map((candidate, i) =>
      translationOf(candidate, i, regions[i] as ReadonlyMap<number, number>, this.memory),
    );
    const module = new RegionModule({ bytes, links, exactAlignment, translations });
    const use = (compiled: WebAssembly.Module): void => this.#putToUse(module, candidates, compiled);
    if (!this.tuning.background) {
      use(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>));
      return;
    }
    WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>).then(
      (compiled) => this.#compiled.push(() => use(compiled)),
      (cause: unknown) => this.#compiled.push(() => fail(cause)),
    );
  }

  #putToUse(module: RegionModule, candidates: readonly Candidate<B>[], compiled: WebAssembly.Module): void {
    if (!this.#open(module, compiled)) return;
    module.seen = this.#samples;
    this.#library.add(module);
    candidates.forEach((candidate, i) => {
      // During the compilation, guest code may have been written, or a better region installed.
      if (!this.#explorer.isStable(candidate) || !this.#isBetter(candidate)) return;
      this.#install(candidate, { module, translation: module.translations[i] as Translation });
    });
  }

  #install({ place, inlined, page, graph, slots }: Candidate<B>, volume: Volume): void {
    const { module, translation } = volume;
    const at = { at: (number: number) => slots.get(number) as number };
    const parts = partsAt(translation, at, this.code, this.memory);
    if (parts === undefined || !this.#live.add(place, volume, parts)) return;
    this.counters.regions++;
    if (inlined) this.counters.inlined++;
    this.counters.translated += graph.instructions;
    const translate = (): Uint8Array => this.#translator.translate([{ graph }], module.exactAlignment).bytes;
    this.onInstall?.({ graph, slots, page, inlined, translate });
  }

  /** Opens a module of an earlier run. One that is not valid is forgotten. */
  #openKnown(module: RegionModule, compile: () => WebAssembly.Module): void {
    try {
      if (this.#open(module, compile())) return;
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError || error instanceof WebAssembly.CompileError)) throw error;
    }
    this.#library.remove(module);
  }

  /**
   * Makes the instance of a module; false if there is no room for its links.
   *
   * @throws WebAssembly.LinkError when the module wants other imports than there are.
   */
  #open(module: RegionModule, compiled: WebAssembly.Module): boolean {
    const { modules } = this.#library;
    if (modules.size >= this.tuning.modules || this.#library.bytes >= MOST_BYTES) this.#evict(module);
    const linksAt = this.links.take(module.links);
    if (linksAt === undefined) return false;
    try {
      module.open(compiled, this.imports, linksAt);
    } catch (error) {
      this.links.give(linksAt, module.links);
      throw error;
    }
    this.counters.modules++;
    return true;
  }

  #refuse({ ip }: RegionPlace): void {
    this.counters.refused++;
    this.#places.refuse(ip);
  }

  /** Makes room for modules: drops those that were not seen for the longest time. A place must become hot again to be translated. */
  #evict(opening: RegionModule): void {
    const modules = [...this.#library.modules].filter((module) => module !== opening).sort((x, y) => x.seen - y.seen);
    for (const module of modules.slice(0, Math.ceil(modules.length * EVICTED_SHARE))) {
      for (const ip of this.#live.dropModule(module)) {
        this.#places.cool(ip);
        this.counters.evicted++;
      }
      if (module.linksAt !== undefined) this.links.give(module.linksAt, module.links);
      this.#library.remove(module);
    }
  }
}

function fail(cause: unknown): never {
  throw new Error('a module of regions is not valid', { cause });
}
