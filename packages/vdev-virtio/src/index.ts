export type {
  VirtioContext,
  VirtioDevice,
  VirtioDeviceType,
  Virtqueue,
  VirtqueueBuffer,
  VirtqueueSpec,
} from './device/virtio-device.js';
export { virtioVdevs } from './virtio-vdevs.js';
