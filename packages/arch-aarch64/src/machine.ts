import { hasTaps, HYPERCALLS, VmExitCode } from '@qvm/core';
import type { BootRequest, Json, Machine, MachineServices } from '@qvm/core';
import { loadGuest } from './boot/boot-loader.js';
import { a64InstructionSet } from './a64-instruction-set.js';
import { State } from '@qvm/isa-aarch64';
import type { A64 } from '@qvm/isa-aarch64';
import { CodeCache, engineModule, instantiateEngine, MainRam, RegionCache, translatedCode } from '@qvm/engine';
import type { RegionTuning } from '@qvm/engine';
import { AARCH64_CPUS } from './system/cpu-attachment.js';
import { describeFault } from './system/describe-fault.js';
import { SmcccFirmware } from './system/firmware.js';
import { Aarch64Vcpu } from './vcpu/aarch64-vcpu.js';
import type { Fault } from './vcpu/fault-log.js';
import type { CpuModel } from './vcpu/cpu-model.js';
import { disassembleWord, listingLine } from './disassemble-word.js';

/**
 * The processors of an AArch64 VM.
 *
 * @experimental
 */
export class Aarch64Machine implements Machine {
  readonly vcpus: readonly Aarch64Vcpu[];
  readonly #code: CodeCache;
  readonly #regions: RegionCache<A64> | undefined;
  readonly #reported = new Set<number>();
  /** vCPUs whose endless exceptions were reported. */
  readonly #lost = new Set<Aarch64Vcpu>();

  constructor(
    private readonly services: MachineServices,
    model: CpuModel,
    codeBytes: number,
    tuning: RegionTuning,
  ) {
    const engine = engineModule(a64InstructionSet);
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
      vcpu.onEndlessFaults = () => this.#endlessFaults(vcpu);
    }
    services.provide(AARCH64_CPUS, this.vcpus);
    services.provide(HYPERCALLS, firmware.hypervisorCalls);
    if (services.engine === 'wasm') {
      const tables = this.vcpus.map(({ regionTable }) => regionTable);
      // Regions are the same for all vCPUs, and so are the tables: any vCPU's functions do.
      const core = this.vcpus[0]?.regionImports ?? {};
      const helpers = {
        env: { memory: services.memory.wasm },
        core,
        ...a64InstructionSet.instantiateHelpers(services.memory.wasm),
      };
      this.#regions = new RegionCache(services.memory, this.#code, engine, helpers, tables, tuning);
      for (const vcpu of this.vcpus) vcpu.useRegions(this.#regions);
      const { codeTranslated } = services.hooks;
      this.#regions.onInstall = (region) => {
        if (!hasTaps(codeTranslated)) return;
        codeTranslated.call({ vm: services.name, ...translatedCode(region, this.#code, listingLine) });
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
    this.#lost.clear();
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
      vcpus: this.vcpus.map((vcpu) => ({
        exits: vcpu.exits.counts(),
        tlb: { ...vcpu.tlb.counters, fills: vcpu.tlb.counters.fills + vcpu.state.u32(State.tlbFills) },
        regionInstructions: vcpu.regionTotals.instructions,
        regionEntries: vcpu.regionTotals.entries,
        faults: this.#faultsOf(vcpu),
      })),
    };
  }

  /**
   * A vCPU that takes exceptions for ever can still be helped by another one, which goes on as it would on hardware. The VM ends when
   * no vCPU that is on can ever execute an instruction again.
   */
  #endlessFaults(vcpu: Aarch64Vcpu): void {
    const reason = `vCPU ${vcpu.index} faults forever. ${this.#loopOf(vcpu)}`;
    if (this.vcpus.every(({ on, faults }) => !on || faults.endless))
      this.services.request({ kind: 'terminate', exitCode: VmExitCode.Unsupported, reason });
    else if (!this.#lost.has(vcpu)) this.services.logger.log('warn', `${this.services.name}: ${reason}`);
    this.#lost.add(vcpu);
  }

  /** Where an endless loop of exceptions began, and what it comes to. */
  #loopOf(vcpu: Aarch64Vcpu): string {
    const { loop } = vcpu.faults;
    if (loop === undefined) return '';
    const first = this.#describe(vcpu, loop.first);
    const latest = this.#describe(vcpu, loop.latest);
    return first === latest ? `It began ${first}.` : `It began ${first}. Now, ${latest}.`;
  }

  #describe(vcpu: Aarch64Vcpu, fault: Fault): string {
    const { memory, map } = this.services;
    return describeFault(fault, { memory, map, translate: (va) => vcpu.translate(va), disassemble: disassembleWord });
  }

  #faultsOf(vcpu: Aarch64Vcpu): Json {
    const { taken, repeated, endless, last } = vcpu.faults;
    return { taken, repeated, endless, last: last === undefined ? null : this.#describe(vcpu, last) };
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
