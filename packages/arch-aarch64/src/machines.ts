/**
 * The machines of AArch64: loaded with the first VM.
 *
 * @module
 */
import type { Architecture, ArchitectureFacts } from '@qvm/core/architecture';
import { CodeCache, REGION_TUNING } from '@qvm/engine';
import type { RegionTuning } from '@qvm/engine';
import { Aarch64Machine } from './machine.js';
import { genericModel } from './vcpu/cpu-model.js';

export { REGION_TUNING } from '@qvm/engine';
export { Aarch64Machine } from './machine.js';
export { Aarch64Vcpu } from './vcpu/aarch64-vcpu.js';
export { genericModel } from './vcpu/cpu-model.js';
export type { CpuModel } from './vcpu/cpu-model.js';

/** Capacity of a VM's code cache in pages of decoded code: 16 MiB of guest code. */
const CODE_PAGES = 4096;
const CODE_BYTES = CodeCache.bytesFor(CODE_PAGES);

/**
 * AArch64, loaded.
 *
 * @param tuning - when the second tier translates.
 * @experimental
 */
export function aarch64Machines(facts: ArchitectureFacts, tuning: RegionTuning = REGION_TUNING): Architecture {
  return {
    ...facts,
    engineBytes: (vcpus, ramBytes) => Aarch64Machine.engineBytes(vcpus, ramBytes, CODE_BYTES),
    createMachine: (services) => new Aarch64Machine(services, genericModel, CODE_BYTES, tuning),
  };
}
