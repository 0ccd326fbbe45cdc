import { ARCHITECTURE, PLUGIN_API_VERSION, provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import type { Architecture } from '@qvm/core/architecture';
import { CodeCache, REGION_TUNING } from '@qvm/engine';
import type { RegionTuning } from '@qvm/engine';
import { apic, ioapic, pic } from './apic/index.js';
import { bootGuest, isX86Image } from './boot/index.js';
import { X86_HOOK_KINDS } from './hook-kinds.js';
import { ARCHITECTURE_NAME, X86Machine } from './machine.js';
import type { BootProcedure } from './machine.js';
import { defaultModel, X86_PROCESSORS, x86Model } from './system/cpu-model.js';
import type { X86Model } from './system/cpu-model.js';

/** Capacity of a VM's code cache in pages of decoded code: 16 MiB of guest code. */
const CODE_PAGES = 4096;
const CODE_BYTES = CodeCache.bytesFor(CODE_PAGES);

/**
 * x86_64 with a processor model.
 *
 * @param model - what CPUID says when a VM names no model.
 * @param tuning - when the second tier translates; {@link REGION_TUNING} when absent.
 * @experimental
 */
export function x86Architecture(
  model: X86Model = defaultModel,
  tuning: RegionTuning = REGION_TUNING,
  boot: BootProcedure = bootGuest,
): Architecture {
  return {
    name: ARCHITECTURE_NAME,
    defaultBoard: 'pc',
    hookKinds: X86_HOOK_KINDS,
    isImage: isX86Image,
    engineBytes: (vcpus, ramBytes) => X86Machine.engineBytes(vcpus, ramBytes, CODE_BYTES),
    processors: X86_PROCESSORS,
    createMachine: (services) => {
      const { processor } = services;
      const chosen = processor === undefined ? model : x86Model(processor);
      return new X86Machine(services, { model: chosen, codeBytes: CODE_BYTES, tuning, boot });
    },
  };
}

/**
 * x86_64. Its processor executes 64-bit code, so images that begin in 64-bit mode start.
 *
 * @experimental
 */
export const x86_64: Architecture = x86Architecture();

/**
 * The plugin that brings x86_64: the architecture and the vdevs that are part of its processors.
 *
 * @experimental
 */
export const x86_64Plugin: QvmPlugin = {
  name: '@qvm/arch-x86_64',
  apiVersion: PLUGIN_API_VERSION,
  provides: [
    provide({ token: ARCHITECTURE, scope: 'host', multi: true, factory: () => x86_64 }),
    ...[apic, ioapic, pic].map((vdev) =>
      provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => vdev }),
    ),
  ],
};
