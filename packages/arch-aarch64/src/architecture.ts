import { ARCHITECTURE, PLUGIN_API_VERSION, VDEV_FACTORY, provide } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import type { ArchitectureFacts, ArchitectureSource } from '@qvm/core/architecture';
import type { RegionTuning } from '@qvm/engine';
import { AARCH64_HOOK_KINDS } from './hook-kinds.js';
import { gic } from './gic/index.js';
import { isAarch64Image } from './boot/linux-headers.js';
import { ARCHITECTURE_NAME, MODEL_NAME } from './names.js';
import { timer } from './timer/index.js';

const FACTS: ArchitectureFacts = {
  name: ARCHITECTURE_NAME,
  defaultBoard: 'virt',
  hookKinds: AARCH64_HOOK_KINDS,
  processors: {
    models: [
      {
        name: MODEL_NAME,
        description: 'ARMv8.0 with LSE, AES, SHA, CRC32 and other extensions; there is no other',
        features: [],
      },
    ],
    features: {},
  },
  isImage: isAarch64Image,
};

/**
 * AArch64.
 *
 * @param tuning - when the second tier translates; the measured optimum when absent.
 * @experimental
 */
export function tunedAarch64(tuning?: RegionTuning): ArchitectureSource {
  return {
    ...FACTS,
    load: async () => {
      const { aarch64Machines } = await import('./machines.js');
      return aarch64Machines(FACTS, tuning);
    },
  };
}

/** AArch64 with the default tuning of the second tier. @experimental */
export const aarch64: ArchitectureSource = tunedAarch64();

/**
 * The plugin that brings AArch64: the architecture and the vdevs that are part of its processor.
 *
 * @experimental
 */
export const aarch64Plugin: QvmPlugin = {
  name: '@qvm/arch-aarch64',
  apiVersion: PLUGIN_API_VERSION,
  provides: [
    provide({ token: ARCHITECTURE, scope: 'host', multi: true, factory: () => aarch64 }),
    ...[gic, timer].map((vdev) => provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => vdev })),
  ],
};
