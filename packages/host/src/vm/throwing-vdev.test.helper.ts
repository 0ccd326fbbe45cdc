import { provide, VDEV_FACTORY, type QvmPlugin } from '@qvm/core';
import { type Vdev, type VdevFactory } from '@qvm/core/vdev';

/* A vdev that throws when its only register is read. */

const vdev = (): Vdev => ({
  mmio: {
    registers: {
      read: () => {
        throw new Error('the test wants it so');
      },
      write: () => undefined,
    },
  },
  reset: () => undefined,
  save: () => ({ version: 1, state: null }),
  restore: () => undefined,
  status: () => ({}),
  dispose: () => undefined,
});

const factory: VdevFactory = {
  type: 'thrower',
  description: 'Throws, for tests',
  options: {},
  resources: () => ({ mmio: [{ name: 'registers', size: 4 }], role: 'platform' }),
  create: vdev,
};

/** The plugin. */
export const plugin: QvmPlugin = {
  name: 'thrower',
  apiVersion: 1,
  provides: [provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => factory })],
};
