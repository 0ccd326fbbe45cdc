import { aarch64Plugin } from '@qvm/arch-aarch64';
import { x86_64Plugin } from '@qvm/arch-x86_64';
import { boardsPlugin } from '@qvm/boards';
import type { QvmPlugin } from '@qvm/core';
import { pciPlugin } from '@qvm/pci';
import { legacyVdevsPlugin } from '@qvm/vdev-legacy';
import { passthroughPlugin } from '@qvm/vdev-passthrough';
import { sharedMemoryPlugin } from '@qvm/vdev-shmem';
import { virtioVdevsPlugin } from '@qvm/vdev-virtio';
import { CHARACTER_BACKEND } from './console/character-backends.js';
import { nullBackend } from './console/null-backend.js';

/** Character back ends that need no platform. */
const portableBackendsPlugin: QvmPlugin = {
  name: '@qvm/sdk',
  apiVersion: 1,
  provides: [{ token: CHARACTER_BACKEND, scope: 'host', multi: true, factory: () => nullBackend }],
};

/** Plugins that every hypervisor has, registered like any other. */
export const builtInPlugins: readonly QvmPlugin[] = [
  aarch64Plugin,
  x86_64Plugin,
  boardsPlugin,
  pciPlugin,
  legacyVdevsPlugin,
  virtioVdevsPlugin,
  sharedMemoryPlugin,
  passthroughPlugin,
  portableBackendsPlugin,
];
