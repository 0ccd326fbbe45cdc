import { QvmError, VmExitCode } from '@qvm/core';
import type { Json } from '@qvm/core';
import type { BootRequest, Machine, MachineServices, MachineSnapshot, VcpuSnapshot } from '@qvm/core/architecture';
import { VdevStateError } from '@qvm/core/vdev';
import { CODE_SLOT_BYTES, EngineState, TRANSLATOR_VERSION } from '@qvm/jit';
import type { Builder } from '@qvm/jit';
import { CodeCache } from './code/code-cache.js';
import { KeptTranslations, nameOfImage } from './code/kept-translations.js';
import { RegionLinks } from './code/region-links.js';
import type { RegionTuning } from './code/region-tuning.js';
import type { InstructionText } from './code/translated-code.js';
import { VmModes } from './code/vm-modes.js';
import { engineModules, prepareEngine } from './engine-module.js';
import type { InstructionSet } from './instruction-set.js';
import { MainRam } from './memory/main-ram.js';
import type { EngineVcpu } from './vcpu/engine-vcpu.js';
import type { Fault } from './vcpu/fault-log.js';
import { faultStats, loopReport } from './vcpu/fault-report.js';
import type { FaultDescription } from './vcpu/fault-report.js';
import type { VmEngine } from './vcpu/vm-engine.js';

/**
 * The parts of a machine that an architecture provides.
 *
 * @experimental
 */
export interface MachineParts<B extends Builder, V extends EngineVcpu> {
  /** `Architecture.name`. */
  readonly architecture: string;
  /** The instruction sets of the architecture, by mode. Most architectures have one mode, number 0. */
  readonly instructions: readonly InstructionSet<B>[];
  /** Bytes of the code cache: {@link CodeCache.bytesFor}. */
  readonly codeBytes: number;
  /** When and how regions are translated. */
  readonly tuning: RegionTuning;
  /** Makes a vCPU, in power-on state. */
  makeVcpu(index: number, engine: VmEngine): V;
  /** Disassembly of an instruction for a listing. */
  readonly instructionText: InstructionText;
}

const refusal = (message: string, cause?: unknown): QvmError => new QvmError('machine.state', message, { cause });

/** Adds the vCPU's number to an error about its state. */
function prepare(vcpu: EngineVcpu, snapshot: VcpuSnapshot): () => void {
  try {
    return vcpu.prepareRestore(snapshot);
  } catch (cause) {
    if (!(cause instanceof VdevStateError)) throw cause;
    throw refusal(`vCPU ${vcpu.index} cannot take its state over: ${cause.message}.`, cause);
  }
}

/** Maximum number of encodings that are reported. */
const REPORT_LIMIT = 1000;

/**
 * The processors of a VM and the engine that they share. An architecture adds the boot procedure.
 *
 * @experimental
 */
export abstract class EngineMachine<B extends Builder, V extends EngineVcpu> implements Machine {
  readonly vcpus: readonly V[];
  /** Services of the VM. */
  protected readonly services: MachineServices;
  readonly #architecture: string;
  readonly #instructions: readonly InstructionSet<B>[];
  readonly #code: CodeCache;
  readonly #modes: VmModes<B>;
  /** Unimplemented instructions that were reported. */
  readonly #reported = new Set<string>();
  /** vCPUs whose endless exceptions were reported. */
  readonly #lost = new Set<V>();

  /**
   * Bytes of VM memory that a machine needs in addition to guest RAM.
   *
   * @param codeBytes - of the code cache.
   * @param vcpuBytes - of each vCPU: state and software TLB.
   */
  static bytesFor(vcpus: number, ramBytes: number, codeBytes: number, vcpuBytes: number): number {
    // Each allocation may need alignment to a slot of the code cache.
    const vcpu = vcpuBytes + CODE_SLOT_BYTES;
    return codeBytes + RegionLinks.bytes + MainRam.bytesFor(ramBytes) + vcpus * vcpu + CODE_SLOT_BYTES;
  }

  protected constructor(services: MachineServices, parts: MachineParts<B, V>) {
    this.services = services;
    this.#architecture = parts.architecture;
    this.#instructions = parts.instructions;
    const modules = engineModules(parts.instructions);
    const ram = new MainRam(services.memory, services.map);
    this.#code = new CodeCache(services.memory, (mode) => modules(mode).predecoder, ram, parts.codeBytes);
    this.#modes = new VmModes(services, this.#code, modules, parts.tuning, parts.instructionText);
    const modes = this.#modes;
    const engine: VmEngine = {
      services,
      code: this.#code,
      ram,
      enterMode: (mode, cpu, slowPaths) => modes.enter(mode, cpu, slowPaths),
    };
    this.vcpus = Array.from({ length: services.vcpus }, (_, index) => parts.makeVcpu(index, engine));
    for (const vcpu of this.vcpus) {
      vcpu.onUnimplemented = (text) => this.#reportUnimplemented(vcpu, text);
      vcpu.onEndlessFaults = () => this.#endlessFaults(vcpu);
    }
  }

  async boot(request: BootRequest): Promise<void> {
    const { translations, image } = request;
    if (translations !== undefined) {
      const { processor } = this.services;
      const name = [TRANSLATOR_VERSION, this.#architecture, processor?.name ?? '', nameOfImage(image)].join(' ');
      this.#modes.useKept(new KeptTranslations(translations, name));
    }
    const engines = Promise.all(this.#instructions.map((set) => prepareEngine(set)));
    const [start] = await Promise.all([this.load(request), engines]);
    start();
  }

  async ended(): Promise<void> {
    await this.#modes.keep();
  }

  /**
   * Validates and places the image and its companions: see {@link Machine.boot}.
   *
   * @returns sets the boot vCPU to its entry.
   */
  protected abstract load(request: BootRequest): Promise<() => void>;

  /** Describes a fault for reports; reads the guest's memory in its present state. */
  protected abstract describeFault(vcpu: V, fault: Fault): FaultDescription;

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

  save(): MachineSnapshot {
    return { architecture: this.#architecture, vcpus: this.vcpus.map((vcpu) => vcpu.save()) };
  }

  restore({ architecture, vcpus }: MachineSnapshot): void {
    if (architecture !== this.#architecture)
      throw refusal(`The state is of ${architecture}, the machine of ${this.#architecture}.`);
    if (vcpus.length !== this.vcpus.length)
      throw refusal(`The state is of ${vcpus.length} vCPUs, the machine has ${this.vcpus.length}.`);
    const take = this.vcpus.map((vcpu, index) => prepare(vcpu, vcpus[index] as VcpuSnapshot));
    this.#lost.clear();
    this.#code.clear();
    for (const takeVcpu of take) takeVcpu();
  }

  stats(): Readonly<Record<string, Json>> {
    return {
      codePages: this.#code.pages,
      ...this.#code.counters,
      regions: this.#modes.regionStats(),
      vcpus: this.vcpus.map((vcpu) => this.#statsOf(vcpu)),
    };
  }

  #statsOf(vcpu: V): Json {
    const { exits, tlb, state, regionTotals } = vcpu;
    return {
      exits: exits.counts(),
      tlb: { ...tlb.counters, fills: tlb.counters.fills + state.u32(EngineState.tlbFills) },
      regionInstructions: regionTotals.instructions,
      regionEntries: regionTotals.entries,
      faults: faultStats(vcpu.faults, (fault) => this.describeFault(vcpu, fault)),
    };
  }

  /**
   * Another vCPU may end the endless exceptions of this one, so the others continue as on hardware. The VM ends when
   * no vCPU that is on can ever execute an instruction again.
   */
  #endlessFaults(vcpu: V): void {
    const loop = loopReport(vcpu.faults, (fault) => this.describeFault(vcpu, fault));
    const reason = `vCPU ${vcpu.index} faults forever. ${loop}`;
    if (this.vcpus.every(({ on, faults }) => !on || faults.endless))
      this.services.request({ kind: 'terminate', exitCode: VmExitCode.Unsupported, reason });
    else if (!this.#lost.has(vcpu)) this.services.logger.log('warn', `${this.services.name}: ${reason}`);
    this.#lost.add(vcpu);
  }

  /** Reports each unimplemented encoding once. */
  #reportUnimplemented(vcpu: V, text: string): void {
    if (this.#reported.has(text) || this.#reported.size >= REPORT_LIMIT) return;
    this.#reported.add(text);
    this.services.logger.log(
      'warn',
      `${this.services.name}: vCPU ${vcpu.index} met an instruction that is not implemented at 0x${vcpu.pc.toString(16)}: ${text}`,
    );
  }
}
