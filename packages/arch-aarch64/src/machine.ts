import { ARCHITECTURE_NAME } from './names.js';
import { HYPERCALLS } from '@qvm/core/services';
import type { BootRequest, MachineServices } from '@qvm/core/architecture';
import { EngineMachine, SoftTlb } from '@qvm/engine';
import type { Fault, FaultDescription, RegionTuning } from '@qvm/engine';
import type { A64 } from '@qvm/isa-aarch64';
import { a64InstructionSet } from './a64-instruction-set.js';
import { loadGuest } from './boot/boot-loader.js';
import { disassembleWord, listingLine } from './disassemble-word.js';
import { AARCH64_CPUS } from './system/cpu-attachment.js';
import { SmcccFirmware } from './system/firmware.js';
import { Aarch64State } from './vcpu/aarch64-state.js';
import { Aarch64Vcpu, TLB_BANKS } from './vcpu/aarch64-vcpu.js';
import type { CpuModel } from './vcpu/cpu-model.js';

/**
 * The processors of an AArch64 VM.
 *
 * @experimental
 */
export class Aarch64Machine extends EngineMachine<A64, Aarch64Vcpu> {
  /**
   * Bytes of VM memory that a machine takes besides guest RAM.
   *
   * @param codeBytes - size of the code cache in bytes.
   */
  static engineBytes(vcpus: number, ramBytes: number, codeBytes: number): number {
    return EngineMachine.bytesFor(vcpus, ramBytes, codeBytes, Aarch64State.bytes + SoftTlb.bytesFor(TLB_BANKS));
  }

  constructor(services: MachineServices, model: CpuModel, codeBytes: number, tuning: RegionTuning) {
    const vcpus: Aarch64Vcpu[] = [];
    const firmware = new SmcccFirmware(services, () => vcpus);
    super(services, {
      architecture: ARCHITECTURE_NAME,
      instructions: [a64InstructionSet],
      codeBytes,
      tuning,
      makeVcpu: (index, engine) => {
        const vcpu = new Aarch64Vcpu(index, engine, model, firmware, disassembleWord);
        vcpus.push(vcpu);
        return vcpu;
      },
      instructionText: (code, address) => listingLine(services.memory.u32[code >>> 2] as number, address),
    });
    const siblings = this.vcpus.map(({ tlb }) => tlb);
    for (const vcpu of this.vcpus) {
      vcpu.tlbMaintenance.siblings = siblings;
      vcpu.onSendEvent = () => this.vcpus.forEach((v) => v.signalEvent());
    }
    services.provide(AARCH64_CPUS, this.vcpus);
    services.provide(HYPERCALLS, firmware.hypervisorCalls);
  }

  /** Loads image, device tree and initial file system, and sets the first vCPU to the entry. */
  protected async load(request: BootRequest): Promise<() => void> {
    const affinities = this.vcpus.map(({ affinity }) => affinity);
    const { entry, deviceTree } = await loadGuest(request, this.services, affinities);
    return () => this.vcpus[0]?.start(BigInt(entry), BigInt(deviceTree));
  }

  protected override describeFault(vcpu: Aarch64Vcpu, fault: Fault): FaultDescription {
    return vcpu.reports.describe(fault);
  }
}
