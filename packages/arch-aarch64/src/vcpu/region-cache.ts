import type { VmMemory } from '@qvm/core';
import { buildControlFlowGraph, RegionTranslator } from '@qvm/jit';
import type { ControlFlowGraph, Predecoder } from '@qvm/jit';
import { A64 } from '../builder/a64.js';
import { nzcvModel } from '../builder/flags.js';
import type { CodeCache, RegionPlace } from './code-cache.js';

/** Samples at one place before it is translated. */
const HOT = 2;
/** Most instructions of a region. */
const REGION_LIMIT = 240;
/** A batch is translated when it has so many regions, or its first has waited for so many samples. */
const BATCH = 24;
const PATIENCE = 48;
/** Region numbers are 16 bits wide. */
const REGION_LIMIT_LIVE = 0xffff;

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
  readonly #free: number[] = [];
  #next = 1;
  #queue: RegionPlace[] = [];
  #waited = 0;
  /** Regions, modules, bytes of WebAssembly, guest instructions in them, milliseconds: for `stats`. */
  readonly counters = { regions: 0, modules: 0, bytes: 0, translated: 0, refused: 0, dropped: 0, milliseconds: 0 };

  constructor(
    private readonly memory: VmMemory,
    private readonly code: CodeCache,
    private readonly predecoder: Predecoder<A64>,
    private readonly imports: WebAssembly.Imports,
    private readonly tables: readonly WebAssembly.Table[],
  ) {
    code.onDrop = (place) => this.#drop(place);
  }

  /** A vCPU came to `ip` by a jump some time ago and still runs there. */
  sample(ip: number): void {
    if (this.#queue.length > 0 && (++this.#waited >= PATIENCE || this.#queue.length >= BATCH)) this.#translate();
    if (ip === 0 || this.#refused.has(ip)) return;
    const count = (this.#heat.get(ip) ?? 0) + 1;
    this.#heat.set(ip, count);
    if (count !== HOT) return;
    const place = this.code.place(ip);
    if (place && this.memory.u16[place.region >>> 1] === 0) this.#queue.push(place);
  }

  #translate(): void {
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
    if (graphs.length > 0) this.#install(places, graphs);
    this.counters.milliseconds += performance.now() - start;
  }

  #graph(place: RegionPlace): ControlFlowGraph<A64> | undefined {
    // The page may have changed since it was hot.
    if (!this.code.isStable(place)) return undefined;
    const words = place.pageOffset >>> 2;
    const decode = (offset: number) => this.predecoder.decodeForRegion(this.memory.u32[words + (offset >>> 2)] as number, offset);
    return buildControlFlowGraph(place.offset, decode, REGION_LIMIT);
  }

  #install(places: readonly RegionPlace[], graphs: readonly ControlFlowGraph<A64>[]): void {
    const { bytes, refused } = this.#translator.translate(graphs);
    const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
    const { exports } = new WebAssembly.Instance(module, this.imports);
    this.counters.modules++;
    this.counters.bytes += bytes.length;
    places.forEach((place, i) => {
      if (refused.includes(i)) {
        this.#refuse(place);
        return;
      }
      const number = this.#free.pop() ?? this.#next++;
      if (number > REGION_LIMIT_LIVE) return;
      for (const table of this.tables) table.set(number, exports[`r${i}`]);
      this.memory.u16[place.region >>> 1] = number;
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
  #drop({ ip: first, region: start, records }: { readonly ip: number; readonly region: number; readonly records: number }): void {
    const { u16 } = this.memory;
    for (let i = 0; i < records; i++) {
      const number = u16[(start >>> 1) + i] as number;
      const ip = first + i * 16;
      this.#heat.delete(ip);
      this.#refused.delete(ip);
      if (number === 0) continue;
      u16[(start >>> 1) + i] = 0;
      this.counters.dropped++;
      for (const table of this.tables) table.set(number, null);
      this.#free.push(number);
    }
  }
}
