export { virtioConsole } from './console/type.js';
export type {
  VirtioContext,
  VirtioDevice,
  VirtioDeviceType,
  Virtqueue,
  VirtqueueBuffer,
  VirtqueueSpec,
} from './device/virtio-device.js';
export { ENTROPY_SOURCE } from './entropy/entropy-source.js';
export type { EntropySource } from './entropy/entropy-source.js';
export { virtioEntropy } from './entropy/type.js';
export { virtioVdev } from './virtio-vdev.js';
export { virtioNet } from './net/type.js';
export { virtioVdevs, virtioVdevsPlugin } from './virtio-vdevs.js';
