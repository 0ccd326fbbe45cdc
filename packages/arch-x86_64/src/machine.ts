import { VmExitCode } from '@qvm/core';
import { HYPERCALLS } from '@qvm/core/services';
import type { BootRequest, MachineServices } from '@qvm/core/architecture';
import { EngineMachine, SoftTlb } from '@qvm/engine';
import type { Fault, FaultDescription, RegionTuning } from '@qvm/engine';
import type { X86 } from '@qvm/isa-x86_64';
import { ARCHITECTURE_NAME } from './architecture-name.js';
import { APIC_BUS, ApicBus } from './apic/index.js';
import { instructionSetsOf, x86RecordPlan } from './instruction-sets.js';
import { listingLine } from './listing-line.js';
import { X86State } from './state/x86-state.js';
import type { X86Model } from './system/cpu-model.js';
import { describeFault } from './system/describe-fault.js';
import { X86Hypercalls } from './system/hypercalls.js';
import { PHYSICAL_ADDRESS_BITS } from './system/mmu.js';
import { TLB_BANKS, X86Vcpu } from './vcpu/x86-vcpu.js';

/** Loads a guest; returns what sets the bootstrap vCPU to its entry. @experimental */
export type BootProcedure = (request: BootRequest, services: MachineServices, vcpu: X86Vcpu) => Promise<() => void>;

/** The parts of an x86_64 machine that its architecture chooses. @experimental */
export interface X86MachineOptions {
  /** The processor model of all vCPUs. */
  readonly model: X86Model;
  /** Size of the code cache in bytes. */
  readonly codeBytes: number;
  /** When code is translated to regions. */
  readonly tuning: RegionTuning;
  /** Loads the guest. */
  readonly boot: BootProcedure;
}

/**
 * The processors of an x86_64 VM.
 *
 * @experimental
 */
export class X86Machine extends EngineMachine<X86, X86Vcpu> {
  readonly #boot: BootProcedure;

  /**
   * Bytes of VM memory that a machine takes besides guest RAM.
   *
   * @param codeBytes - size of the code cache in bytes.
   */
  static engineBytes(vcpus: number, ramBytes: number, codeBytes: number): number {
    return EngineMachine.bytesFor(vcpus, ramBytes, codeBytes, X86State.bytes + SoftTlb.bytesFor(TLB_BANKS));
  }

  constructor(services: MachineServices, { model, codeBytes, tuning, boot }: X86MachineOptions) {
    const hypercalls = new X86Hypercalls(services);
    const bus = new ApicBus(services.vcpus, services.clock, {
      x2apic: model.features.has('x2apic'),
      tscDeadline: model.features.has('tsc_deadline'),
      physicalAddressBits: PHYSICAL_ADDRESS_BITS,
    });
    super(withOnes(services), {
      architecture: ARCHITECTURE_NAME,
      instructions: instructionSetsOf(model.features),
      codeBytes,
      tuning,
      makeVcpu: (index, engine) => new X86Vcpu(index, engine, model, bus, hypercalls, x86RecordPlan),
      instructionText: (code, address, mode) => listingLine(services.memory.u8, code, address, mode),
    });
    this.#boot = boot;
    for (const vcpu of this.vcpus) vcpu.onHaltForGood = () => this.#haltedForGood(vcpu);
    services.provide(APIC_BUS, bus);
    services.provide(HYPERCALLS, hypercalls.calls);
  }

  /**
   * Another vCPU may send an NMI or INIT to one that has halted with interrupts off. When all that are on have, nothing
   * executes any more: no device of a PC sends NMIs by itself.
   */
  #haltedForGood(vcpu: X86Vcpu): void {
    const { name, logger, request } = this.services;
    const reason = vcpu.haltReport();
    if (this.vcpus.every(({ on, haltedForGood }) => !on || haltedForGood))
      request({ kind: 'terminate', exitCode: VmExitCode.Unsupported, reason });
    else logger.log('info', `${name}: ${reason}`);
  }

  protected load(request: BootRequest): Promise<() => void> {
    return this.#boot(request, this.services, this.vcpus[0] as X86Vcpu);
  }

  protected override describeFault(vcpu: X86Vcpu, fault: Fault): FaultDescription {
    return describeFault(fault, this.#instructionAt(vcpu, fault.pc));
  }

  /** The instruction at a linear address, by the present tables and mode; undefined where there is no memory. */
  #instructionAt(vcpu: X86Vcpu, pc: bigint): string | undefined {
    const { memory, map } = this.services;
    const physical = vcpu.translate(pc);
    const region = physical === undefined ? undefined : map.find(physical);
    if (physical === undefined || (region?.kind !== 'ram' && region?.kind !== 'rom')) return undefined;
    const line = listingLine(memory.u8, region.offset + (physical - region.base), pc, vcpu.mode);
    return line.replace(/^\S+\s+/, '');
  }
}

/** On a PC, reads of addresses where nothing answers return ones and writes have no effect. */
function withOnes(services: MachineServices): MachineServices {
  const { unsupported } = services;
  const reference = unsupported.reference === 'abort' ? 'abort' : 'ignore';
  return { ...services, unsupported: { ...unsupported, reference } };
}
