/**
 * The machines of x86_64: loaded with the first VM.
 *
 * @module
 */
import type { Architecture, ArchitectureFacts } from '@qvm/core/architecture';
import { CodeCache, REGION_TUNING } from '@qvm/engine';
import type { RegionTuning } from '@qvm/engine';
import { bootGuest } from './boot/index.js';
import { X86Machine } from './machine.js';
import type { BootProcedure } from './machine.js';
import { defaultModel, x86Model } from './system/cpu-model.js';
import type { X86Model } from './system/cpu-model.js';

export {
  applyInitialState,
  bootGuest,
  BootSelector,
  ENTRIES,
  loadGuest,
  longState,
  MemoryType,
  planGuest,
  protectedState,
  readImage,
  RESET_STATE,
} from './boot/index.js';
export type {
  BootPlan,
  EntryProtocol,
  ImageOptions,
  InitialSegment,
  InitialState,
  LoadedSegment,
  MemoryMapEntry,
  X86Image,
} from './boot/index.js';
export { X86Machine } from './machine.js';
export type { BootProcedure, X86MachineOptions } from './machine.js';
export { X86Vcpu } from './vcpu/x86-vcpu.js';

/** Capacity of a VM's code cache in pages of decoded code: 16 MiB of guest code. */
const CODE_PAGES = 4096;
const CODE_BYTES = CodeCache.bytesFor(CODE_PAGES);

/**
 * x86_64 with a processor model, loaded.
 *
 * @param model - the processor model of VMs that name none.
 * @param tuning - when the second tier translates; {@link REGION_TUNING} when absent.
 * @experimental
 */
export function x86Machines(
  facts: ArchitectureFacts,
  model: X86Model = defaultModel,
  tuning: RegionTuning = REGION_TUNING,
  boot: BootProcedure = bootGuest,
): Architecture {
  return {
    ...facts,
    engineBytes: (vcpus, ramBytes) => X86Machine.engineBytes(vcpus, ramBytes, CODE_BYTES),
    createMachine: (services) => {
      const { processor } = services;
      const chosen = processor === undefined ? model : x86Model(processor);
      return new X86Machine(services, { model: chosen, codeBytes: CODE_BYTES, tuning, boot });
    },
  };
}
