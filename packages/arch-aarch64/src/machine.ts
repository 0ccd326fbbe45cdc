import { hasTaps, HYPERCALLS } from '@qvm/core';
import type { BootRequest, Json, Machine, MachineServices } from '@qvm/core';
import { loadGuest } from './boot/boot-loader.js';
import { engineModule, instantiateEngine, instantiateHelpers } from './engine.js';
import { State } from '@qvm/isa-aarch64';
import { AARCH64_CPUS } from './system/cpu-attachment.js';
import { SmcccFirmware } from './system/firmware.js';
import { translatedCode } from './translated-code.js';
import { Aarch64Vcpu } from './vcpu/aarch64-vcpu.js';
import { CodeCache } from './vcpu/code-cache.js';
import { MainRam } from './vcpu/main-ram.js';
import { RegionCache } from './vcpu/region-cache.js';
import type { RegionTuning } from './vcpu/region-cache.js';
import type { CpuModel } from './vcpu/cpu-model.js';
import { disassembleWord } from './disassemble-word.js';

/**
 * The processors of an AArch64 VM.
 *
 * @experimental
 */
export class Aarch64Machine implements Machine {
  readonly vcpus: readonly Aarch64Vcpu[];
  readonly #code: CodeCache;
  readonly #regions: RegionCache | undefined;
  readonly #reported = new Set<number>();

  constructor(
    private readonly services: MachineServices,
    model: CpuModel,
    codeBytes: number,
    tuning: RegionTuning,
  ) {
    const engine = engineModule();
    const ram = new MainRam(services.memory, services.map);
    this.#code = new CodeCache(services.memory, engine.predecoder, ram, codeBytes);
    const firmware = new SmcccFirmware(services, () => this.vcpus);
    const imports = instantiateEngine(engine, services.memory.wasm);
    this.vcpus = Array.from(
      { length: services.vcpus },
      (_, index) => new Aarch64Vcpu(index, model, services, this.#code, ram, firmware, disassembleWord, imports),
    );
    const siblings = this.vcpus.map(({ tlb }) => tlb);
    for (const vcpu of this.vcpus) {
      vcpu.tlbMaintenance.siblings = siblings;
      vcpu.onSendEvent = () => this.vcpus.forEach((v) => v.signalEvent());
      vcpu.onUnimplemented = (word, text) => this.#reportUndefined(vcpu, word, text);
    }
    services.provide(AARCH64_CPUS, this.vcpus);
    services.provide(HYPERCALLS, firmware.hypervisorCalls);
    if (services.engine === 'wasm') {
      const tables = this.vcpus.map(({ regionTable }) => regionTable);
      // Regions are the same for all vCPUs, and so are the tables: any vCPU's functions do.
      const core = this.vcpus[0]?.regionImports ?? {};
      const helpers = { env: { memory: services.memory.wasm }, core, ...instantiateHelpers(services.memory.wasm) };
      this.#regions = new RegionCache(services.memory, this.#code, engine.predecoder, helpers, tables, tuning);
      for (const vcpu of this.vcpus) vcpu.useRegions(this.#regions);
      const { codeTranslated } = services.hooks;
      this.#regions.onInstall = (region) => {
        if (hasTaps(codeTranslated)) codeTranslated.call({ vm: services.name, ...translatedCode(region, this.#code) });
      };
    }
  }

  async boot(request: BootRequest): Promise<void> {
    const affinities = this.vcpus.map(({ affinity }) => affinity);
    const { entry, deviceTree } = await loadGuest(request, this.services, affinities);
    this.vcpus[0]?.start(BigInt(entry), BigInt(deviceTree));
  }

  reset(): void {
    for (const vcpu of this.vcpus) vcpu.reset();
    this.#code.clear();
  }

  invalidateCode(base: number, size: number): void {
    this.#code.invalidate(base, size);
  }

  mappingChanged(base: number, size: number): void {
    for (const vcpu of this.vcpus) vcpu.tlb.flushAll();
    this.#code.forget(base, size);
  }

  stats(): Readonly<Record<string, Json>> {
    return {
      codePages: this.#code.pages,
      ...this.#code.counters,
      regions: this.#regions ? { ...this.#regions.counters, live: { ...this.#regions.live } } : null,
      vcpus: this.vcpus.map(({ state, tlb, exits, regionTotals }) => ({
        exits: exits.counts(),
        tlb: { ...tlb.counters, fills: tlb.counters.fills + state.u32(State.tlbFills) },
        regionInstructions: regionTotals.instructions,
        regionEntries: regionTotals.entries,
      })),
    };
  }

  /** Each unimplemented encoding is reported once. */
  #reportUndefined(vcpu: Aarch64Vcpu, word: number, text: string): void {
    if (this.#reported.has(word)) return;
    if (this.#reported.size < REPORT_LIMIT) this.#reported.add(word);
    else return;
    this.services.logger.log(
      'warn',
      `${this.services.name}: vCPU ${vcpu.index} met an instruction that is not implemented at 0x${vcpu.pc.toString(16)}: ${text}`,
    );
  }
}

const REPORT_LIMIT = 1000;
