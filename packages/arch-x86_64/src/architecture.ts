import { ARCHITECTURE, PLUGIN_API_VERSION, provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import type { ArchitectureFacts, ArchitectureSource } from '@qvm/core/architecture';
import type { RegionTuning } from '@qvm/engine';
import { apic, ioapic, pic } from './apic/index.js';
import { ARCHITECTURE_NAME } from './architecture-name.js';
import { X86_HOOK_KINDS } from './hook-kinds.js';
import { ENTRIES } from './boot/entries.js';
import { isFirmware } from './boot/firmware-image.js';
import { isX86Image } from './boot/image.js';
import { X86_PROCESSORS } from './system/cpu-model.js';
import type { X86Model } from './system/cpu-model.js';

const FACTS: ArchitectureFacts = {
  name: ARCHITECTURE_NAME,
  defaultBoard: 'pc',
  hookKinds: X86_HOOK_KINDS,
  processors: X86_PROCESSORS,
  isImage: isX86Image,
  entries: ENTRIES,
  isFirmware,
};

/** Choices of an {@link x86Architecture}. @experimental */
export interface X86ArchitectureOptions {
  /** The processor model of VMs that name none; the default one when absent. */
  readonly model?: X86Model;
  /** When the second tier translates; the measured optimum when absent. */
  readonly tuning?: RegionTuning;
}

/**
 * x86_64 with a processor model.
 *
 * @experimental
 */
export function x86Architecture({ model, tuning }: X86ArchitectureOptions = {}): ArchitectureSource {
  return {
    ...FACTS,
    load: async () => {
      const { x86Machines } = await import('./machines.js');
      return x86Machines(FACTS, model, tuning);
    },
  };
}

/**
 * x86_64.
 *
 * @experimental
 */
export const x86_64: ArchitectureSource = x86Architecture();

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
