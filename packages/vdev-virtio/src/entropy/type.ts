import type { VirtioDeviceType } from '../device/virtio-device.js';
import { DEVICE_ID, QUEUE_SIZE } from './constants.js';
import { EntropyDevice } from './device.js';
import { ENTROPY_OPTIONS, sourceOf } from './options.js';

/**
 * VirtIO entropy device.
 *
 * @experimental
 */
export const virtioEntropy: VirtioDeviceType<typeof ENTROPY_OPTIONS> = {
  type: 'virtio-entropy',
  description: 'VirtIO entropy device: random numbers for the guest',
  deviceId: DEVICE_ID,
  options: ENTROPY_OPTIONS,
  queues: () => [{ name: 'requests', maxSize: QUEUE_SIZE }],
  create: (context, options) => new EntropyDevice(context, sourceOf(context.vdev, options)),
};
