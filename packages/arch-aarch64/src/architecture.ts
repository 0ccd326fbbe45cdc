import { ARCHITECTURE, PLUGIN_API_VERSION, VDEV_FACTORY, provide } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import type { Architecture } from '@qvm/core/architecture';
import { CodeCache, REGION_TUNING } from '@qvm/engine';
import type { RegionTuning } from '@qvm/engine';
import { AARCH64_HOOK_KINDS } from './hook-kinds.js';
import { gic } from './gic/index.js';
import { isAarch64Image } from './boot/image.js';
import { Aarch64Machine, ARCHITECTURE_NAME } from './machine.js';
import { timer } from './timer/index.js';
import { genericModel } from './vcpu/cpu-model.js';

/** Capacity of a VM's code cache in pages of decoded code: 16 MiB of guest code. */
const CODE_PAGES = 4096;
const CODE_BYTES = CodeCache.bytesFor(CODE_PAGES);

/**
 * AArch64.
 *
 * @param tuning - when the second tier translates; {@link REGION_TUNING}, the measured optimum, when absent.
 * @experimental
 */
export function tunedAarch64(tuning: RegionTuning = REGION_TUNING): Architecture {
  return {
    name: ARCHITECTURE_NAME,
    defaultBoard: 'virt',
    hookKinds: AARCH64_HOOK_KINDS,
    processors: {
      models: [
        {
          name: genericModel.name,
          description: 'ARMv8.0 with LSE, AES, SHA, CRC32 and other extensions; there is no other',
          features: [],
        },
      ],
      features: {},
    },
    isImage: isAarch64Image,
    engineBytes: (vcpus, ramBytes) => Aarch64Machine.engineBytes(vcpus, ramBytes, CODE_BYTES),
    createMachine: (services) => new Aarch64Machine(services, genericModel, CODE_BYTES, tuning),
  };
}

/** AArch64 with the default tuning of the second tier. @experimental */
export const aarch64: Architecture = tunedAarch64();

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
