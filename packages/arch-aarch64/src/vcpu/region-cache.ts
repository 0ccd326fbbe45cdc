import type { VmMemory } from '@qvm/core';
import { buildControlFlowGraph, EXACT_REGIONS, RegionTranslator } from '@qvm/jit';
import type { ControlFlowGraph, Predecoder } from '@qvm/jit';
import { A64 } from '../builder/a64.js';
import { nzcvModel } from '../builder/flags.js';
import type { CodeCache, RegionPlace } from './code-cache.js';

/**
 * When the second tier translates.
 *
 * @experimental
 */
export interface RegionTuning {
  /** Samples at one place before it is translated. */
  readonly hot: number;
  /** A batch is translated when it has so many regions, */
  readonly batch: number;
  /** or when its first has waited for so many samples. */
  readonly patience: number;
  /** Instructions between two samples. */
  readonly interval: number;
}

/** Measured on a boot of Debian's kernel: docs/decisions/0005. @experimental */
export const REGION_TUNING: RegionTuning = { hot: 4, batch: 24, patience: 64, interval: 16_384 };

/** Each module is a mapping of the host process, which may have some 65,000: at so many all regions are dropped. */
const MODULE_LIMIT = 8192;
/** Places whose heat is remembered. */
const HEAT_LIMIT = 0x1_0000;
/** Most instructions of a region. */
const REGION_LIMIT = 240;

/**
 * Translated regions of a VM: finds hot places by sampling, translates them in batches, and forgets them when their page is
 * written or evicted.
 *
 * @experimental
 */
export class RegionCache {
  readonly #translator = new RegionTranslator<A64>({ flags: nzcvModel, builder: A64 });
  readonly #heat = new Map<number, number>();
  readonly #refused = new Set<number>();
  readonly #numbers = {
    relaxed: new RegionNumbers(1, EXACT_REGIONS),
    exact: new RegionNumbers(EXACT_REGIONS, 0x1_0000),
  };
  #queue: RegionPlace[] = [];
  #waited = 0;
  /** Addresses of the region numbers in use. */
  readonly #installed = new Map<number, number>();
  #liveModules = 0;
  /** Regions, modules, bytes of WebAssembly, guest instructions in them, milliseconds: for `stats`. */
  readonly counters = { regions: 0, modules: 0, bytes: 0, translated: 0, refused: 0, dropped: 0, milliseconds: 0 };

  constructor(
    private readonly memory: VmMemory,
    private readonly code: CodeCache,
    private readonly predecoder: Predecoder<A64>,
    private readonly imports: WebAssembly.Imports,
    private readonly tables: readonly WebAssembly.Table[],
    readonly tuning: RegionTuning,
  ) {
    code.onDrop = (place) => this.#drop(place);
  }

  /** A vCPU came to `ip` by a jump some time ago and still runs there, with or without alignment checking. */
  sample(ip: number, exactAlignment: boolean): void {
    const { hot, batch, patience } = this.tuning;
    if (this.#queue.length > 0 && (++this.#waited >= patience || this.#queue.length >= batch))
      this.#translate(exactAlignment);
    if (ip === 0 || this.#refused.has(ip)) return;
    if (this.#heat.size >= HEAT_LIMIT) this.#heat.clear();
    const count = (this.#heat.get(ip) ?? 0) + 1;
    this.#heat.set(ip, count);
    if (count !== hot) return;
    const place = this.code.place(ip);
    if (place && this.memory.u16[place.region >>> 1] === 0) this.#queue.push(place);
  }

  #translate(exactAlignment: boolean): void {
    const start = performance.now();
    const places: RegionPlace[] = [];
    const graphs: ControlFlowGraph<A64>[] = [];
    for (const place of this.#queue) {
      const graph = this.#graph(place);
      if (graph) {
        places.push(place);
        graphs.push(graph);
      } else this.#refuse(place);
    }
    this.#queue = [];
    this.#waited = 0;
    if (graphs.length > 0) this.#install(places, graphs, exactAlignment);
    this.counters.milliseconds += performance.now() - start;
  }

  #graph(place: RegionPlace): ControlFlowGraph<A64> | undefined {
    // The page may have changed since it was hot.
    if (!this.code.isStable(place)) return undefined;
    const words = place.pageOffset >>> 2;
    const decode = (offset: number) =>
      this.predecoder.decodeForRegion(this.memory.u32[words + (offset >>> 2)] as number, offset);
    return buildControlFlowGraph(place.offset, decode, REGION_LIMIT);
  }

  #install(places: readonly RegionPlace[], graphs: readonly ControlFlowGraph<A64>[], exactAlignment: boolean): void {
    if (this.#liveModules >= MODULE_LIMIT) this.#dropAll();
    const { bytes, refused } = this.#translator.translate(graphs, exactAlignment);
    const numbers = exactAlignment ? this.#numbers.exact : this.#numbers.relaxed;
    const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
    const { exports } = new WebAssembly.Instance(module, this.imports);
    this.counters.modules++;
    this.#liveModules++;
    this.counters.bytes += bytes.length;
    places.forEach((place, i) => {
      if (refused.includes(i)) {
        this.#refuse(place);
        return;
      }
      const number = numbers.take();
      if (number === undefined) return;
      for (const table of this.tables) table.set(number, exports[`r${i}`]);
      this.memory.u16[place.region >>> 1] = number;
      this.#installed.set(number, place.region);
      this.code.markRegions(place);
      this.counters.regions++;
      this.counters.translated += (graphs[i] as ControlFlowGraph<A64>).instructions;
    });
  }

  #refuse(place: RegionPlace): void {
    this.counters.refused++;
    this.#refused.add(place.ip);
  }

  /** Forgets the regions of a page of code: `place` is its first. */
  #drop({
    ip: first,
    region: start,
    records,
  }: {
    readonly ip: number;
    readonly region: number;
    readonly records: number;
  }): void {
    const { u16 } = this.memory;
    for (let i = 0; i < records; i++) {
      const number = u16[(start >>> 1) + i] as number;
      const ip = first + i * 16;
      this.#heat.delete(ip);
      this.#refused.delete(ip);
      if (number !== 0) this.#release(number, start + i * 2);
    }
  }

  /** Forgets all regions: what is hot is translated again, what was hot long ago is not. */
  #dropAll(): void {
    for (const [number, region] of [...this.#installed]) this.#release(number, region);
    this.#heat.clear();
    this.#liveModules = 0;
  }

  #release(number: number, region: number): void {
    this.memory.u16[region >>> 1] = 0;
    this.#installed.delete(number);
    this.counters.dropped++;
    for (const table of this.tables) table.set(number, null);
    (number < EXACT_REGIONS ? this.#numbers.relaxed : this.#numbers.exact).give(number);
  }
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
