import type { Json } from '@qvm/core';
import type { MachineServices } from '@qvm/core/architecture';
import { hasTaps } from '@qvm/core/hooks';
import type { Builder, RecordPlan } from '@qvm/jit';
import { instantiateEngine } from '../engine-module.js';
import type { EngineModule } from '../engine-module.js';
import type { RunFunction, SlowPaths } from '../vcpu/run-function.js';
import type { CodeCache } from './code-cache.js';
import type { CodeProfile } from './code-profile.js';
import type { KeptTranslations } from './kept-translations.js';
import { RegionCache } from './region-cache.js';
import { newRegionCounters } from './region-counters.js';
import type { ModuleContents } from './region-module.js';
import { RegionLinks } from './region-links.js';
import type { RegionTuning } from './region-tuning.js';
import { translatedCode } from './translated-code.js';
import type { InstructionText } from './translated-code.js';

/**
 * The generated code of one mode, for one vCPU.
 *
 * @experimental
 */
export interface VcpuMode {
  /** Layout of the records of the mode. */
  readonly plan: RecordPlan;
  /** Runs guest code of the mode. */
  readonly run: RunFunction;
  /** The translated regions of the mode; undefined if only the interpreter runs. */
  readonly regions: CodeProfile | undefined;
}

/**
 * The modes of the processors of a VM. The interpreter of a mode is compiled, instantiated and given regions when a
 * vCPU enters the mode for the first time.
 *
 * @internal
 */
export class VmModes<B extends Builder> {
  /** Regions by mode. */
  readonly #regions: (RegionCache<B> | undefined)[] = [];
  readonly #entered = new Set<number>();
  readonly #links: RegionLinks;
  /** The engine's side of `Builder.callEngine`, by the address of the vCPU's state: all vCPUs execute the same regions. */
  readonly #calls = new Map<number, SlowPaths['call']>();
  #kept: KeptTranslations | undefined;

  /**
   * @param modules - the compiled instruction set of each mode.
   * @param instructionText - disassembly for reports of regions.
   */
  constructor(
    private readonly services: MachineServices,
    private readonly code: CodeCache,
    private readonly modules: (mode: number) => EngineModule<B>,
    private readonly tuning: RegionTuning,
    private readonly instructionText: InstructionText,
  ) {
    this.#links = new RegionLinks(services.memory);
    code.onDrop = (slot, mode, from, to) => this.#regions[mode]?.drop(slot, from, to) ?? false;
  }

  /** Begins with the translations of earlier runs, and keeps those of this one at its end. Does nothing when called again. */
  useKept(kept: KeptTranslations): void {
    // A listing needs regions that were translated in this run.
    if (this.#kept !== undefined || hasTaps(this.services.hooks.codeTranslated)) return;
    this.#kept = kept;
    this.#regions.forEach((regions, mode) => {
      if (regions !== undefined) this.#findKept(regions, mode);
    });
  }

  /** Keeps the translations of this run, which has ended. */
  async keep(): Promise<void> {
    for (const regions of this.#regions) regions?.end();
    for (const [mode, regions] of this.#regions.entries()) {
      if (regions === undefined) continue;
      await this.#kept?.keep(await this.#nameOf(mode), [...regions.modules], regions.counters.translated);
    }
  }

  /** Makes the code of a mode for one vCPU, whose state is at `cpu`. */
  enter(mode: number, cpu: number, slowPaths: SlowPaths): VcpuMode {
    this.#calls.set(cpu, slowPaths.call);
    const { hooks, name } = this.services;
    if (!this.#entered.has(mode)) hooks.newCodeMode.call({ vm: name, mode });
    this.#entered.add(mode);
    const module = this.modules(mode);
    const { run, regions: table, core } = instantiateEngine(module, this.services.memory.wasm)(slowPaths);
    const { plan } = module.predecoder;
    if (this.services.engine !== 'wasm') return { plan, run, regions: undefined };
    const regions = (this.#regions[mode] ??= this.#makeRegions(mode, module, core));
    regions.addTable(table);
    return { plan, run, regions };
  }

  /** Statistics of the regions of all modes; null if only the interpreter runs. */
  regionStats(): Json {
    if (this.services.engine !== 'wasm') return null;
    const counters = newRegionCounters();
    const live = { regions: 0, modules: 0 };
    for (const regions of this.#regions) {
      if (regions === undefined) continue;
      const longestPause = Math.max(counters.longestPause, regions.counters.longestPause);
      addTo(counters, regions.counters);
      addTo(live, regions.live);
      counters.longestPause = longestPause;
    }
    return { ...counters, live };
  }

  /** The guest need not wait for translations: until they are there, it runs as if there were none. */
  #findKept(regions: RegionCache<B>, mode: number): void {
    this.#keptOf(mode).then(
      (modules) => regions.addModules(modules),
      (error: unknown) =>
        this.services.logger.log('warn', `${this.services.name}: kept translations: ${String(error)}`),
    );
  }

  async #keptOf(mode: number): Promise<readonly ModuleContents[]> {
    return (await this.#kept?.find(await this.#nameOf(mode))) ?? [];
  }

  async #nameOf(mode: number): Promise<string> {
    return `${mode} ${await this.modules(mode).digest()}`;
  }

  /** @param core - functions of any vCPU: regions and tables are the same for all of them. */
  #makeRegions(mode: number, module: EngineModule<B>, core: WebAssembly.ModuleImports): RegionCache<B> {
    const { memory, hooks, name } = this.services;
    const helpers = module.instructions.instantiateHelpers(memory.wasm);
    const call = (cpu: number, left: number, request: number): number =>
      (this.#calls.get(cpu) as SlowPaths['call'])(left, request);
    const imports = { env: { memory: memory.wasm, call }, core, ...helpers };
    const regions = new RegionCache(memory, this.code, module, imports, this.#links, this.tuning);
    const { codeTranslated } = hooks;
    regions.onInstall = (region) => {
      if (!hasTaps(codeTranslated)) return;
      codeTranslated.call({ vm: name, ...translatedCode(region, this.code, this.instructionText, mode) });
    };
    this.#findKept(regions, mode);
    return regions;
  }
}

/** Adds numbers to those of the same names. */
function addTo<K extends string>(sums: Record<K, number>, numbers: Readonly<Record<K, number>>): void {
  for (const key of Object.keys(sums) as K[]) sums[key] += numbers[key];
}
