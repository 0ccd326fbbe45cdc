import { PLUGIN_API_VERSION, provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import { defineOptions, option } from '@qvm/core/options';
import { virtioVdev } from '@qvm/vdev-virtio';
import { ChecksumDevice } from './device.js';

/** Not yet given to anyone (VirtIO 1.2, section 5). */
const DEVICE_ID = 63;

/** The vdev type. Its name is the package's, so that configurations can say it without anything else. */
export const checksumFactory = virtioVdev({
  type: '@acme/vdev-checksum',
  description: 'VirtIO device that computes checksums',
  deviceId: DEVICE_ID,
  options: defineOptions({
    most: option.size({ description: 'Most bytes of a request', default: 2 ** 16, min: 1, max: 2 ** 24 }),
  }),
  queues: () => [{ name: 'requests', maxSize: 64 }],
  create: (context, { most }) => new ChecksumDevice(context, most),
});

/** The export that qvm imports for `"type": "@acme/vdev-checksum"` in a configuration. */
export const plugin: QvmPlugin = {
  name: '@acme/vdev-checksum',
  apiVersion: PLUGIN_API_VERSION,
  provides: [provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => checksumFactory })],
};
