import { createVmHooks } from '@qvm/core/host';
import { DEFAULT_UNSUPPORTED, GuestPhysicalMap, VmMemory } from '@qvm/core/architecture';
import type { DigestStore, Engine, MachineServices, RamRegion } from '@qvm/core/architecture';
import type { Builder } from '@qvm/jit';
import { CodeCache } from '../code/code-cache.js';
import type { RegionTuning } from '../code/region-tuning.js';
import { EngineMachine } from '../engine-machine.js';
import type { MachineParts } from '../engine-machine.js';
import type { FaultDescription } from '../vcpu/fault-report.js';
import { TOY_VCPU_BYTES, ToyVcpu, toySets } from './toy-vcpu.test.helper.js';

/** RAM of the toy's VMs. */
export const RAM = 0x10_0000;
export const PAGE = 4096;
export const RAM_PAGES = 32;

/** Translates any code that runs twice, at once. */
const EAGER: RegionTuning = {
  hot: 1,
  hotter: 2,
  batch: 1,
  patience: 1,
  interval: 64,
  rest: 1,
  modules: 8192,
  background: false,
};

class ToyEngine extends EngineMachine<Builder, ToyVcpu> {
  constructor(services: MachineServices, parts: MachineParts<Builder, ToyVcpu>) {
    super(services, parts);
  }

  /** Programs are written into the RAM. */
  protected override load(): Promise<() => void> {
    return Promise.resolve(() => undefined);
  }

  protected override describeFault(): FaultDescription {
    return { exception: 'fault', pc: 0n, text: '' };
  }
}

/** Differences of a VM from the usual one. */
export interface ToySetup {
  readonly vcpus?: number;
  /** Capacity of the code cache in pages. */
  readonly codePages?: number;
  readonly tuning?: Partial<RegionTuning>;
}

/** A VM of toy processors. */
export class ToyVm {
  readonly machine: ToyEngine;
  readonly vcpu: ToyVcpu;
  /** The bytes of its RAM. */
  readonly ram: Uint8Array;
  readonly hooks = createVmHooks('toy');
  readonly #region: RamRegion;

  constructor(engine: Engine, { vcpus = 1, codePages = 16, tuning }: ToySetup = {}) {
    const codeBytes = CodeCache.bytesFor(codePages);
    const ramBytes = RAM_PAGES * PAGE;
    const engineBytes = ToyEngine.bytesFor(vcpus, ramBytes, codeBytes, TOY_VCPU_BYTES);
    const memory = new VmMemory(engineBytes + ramBytes + 0x3_0000);
    const map = new GuestPhysicalMap(memory);
    this.#region = map.addRam('ram', 'ram', RAM, ramBytes);
    this.ram = memory.u8.subarray(this.#region.offset, this.#region.offset + ramBytes);
    const services = {
      name: 'toy',
      vcpus,
      engine,
      memory,
      map,
      unsupported: DEFAULT_UNSUPPORTED,
      clock: { kind: 'icount', now: () => 0 },
      hooks: this.hooks,
      logger: { log: () => undefined },
      request: () => undefined,
    } as unknown as MachineServices;
    this.machine = new ToyEngine(services, {
      architecture: 'toy',
      instructions: toySets,
      codeBytes,
      tuning: { ...EAGER, ...tuning },
      makeVcpu: (index, parts) => new ToyVcpu(index, parts),
      instructionText: () => '',
    });
    this.vcpu = this.machine.vcpus[0] as ToyVcpu;
  }

  /** Maps a virtual page to a page of RAM; `rights` are bits of `Page`, 0: not mapped. */
  map(page: number, to: number, rights: number): void {
    for (const vcpu of this.machine.vcpus) {
      vcpu.table[page] = rights === 0 ? 0 : (RAM + to * PAGE) | rights;
      vcpu.tlb.flushPage(page * PAGE);
    }
  }

  /** Writes RAM as a vdev does. */
  write(offset: number, bytes: readonly number[]): void {
    this.ram.set(bytes, offset);
    this.machine.invalidateCode(RAM + offset, bytes.length);
  }

  /** Begins with the translations of earlier VMs that are in a store. */
  async boot(translations: DigestStore): Promise<void> {
    const image = { name: 'toy', bytes: new Uint8Array() };
    await this.machine.boot({ image, translations, vdevNodes: () => [] });
  }

  /** Entries into regions, of all vCPUs. */
  get regionEntries(): number {
    return this.machine.vcpus.reduce((sum, { regionTotals }) => sum + regionTotals.entries, 0);
  }

  /** A counter of the regions. */
  region(name: string): number {
    return (this.machine.stats()['regions'] as Record<string, number>)[name] as number;
  }

  /** A counter of `Machine.stats`. */
  count(name: string): number {
    return this.machine.stats()[name] as number;
  }
}
