import type { VirtioDeviceType } from '../device/virtio-device.js';
import { CONTROL_QUEUE_SIZE, DEVICE_ID, FEATURE_NAMES, QUEUE_SIZE } from './constants.js';
import { NetDevice } from './device.js';
import { NET_OPTIONS } from './options.js';

/**
 * `virtio-net`: a network card at a switch, another VM or a TAP device (VirtIO 1.2, section 5.1).
 *
 * @experimental
 */
export const virtioNet: VirtioDeviceType<typeof NET_OPTIONS> = {
  type: 'virtio-net',
  description: 'VirtIO network device',
  deviceId: DEVICE_ID,
  featureNames: FEATURE_NAMES,
  options: NET_OPTIONS,
  files: ({ capture }) => (capture === undefined ? [] : [{ option: 'capture', path: capture, access: 'write' }]),
  queues: () => [
    { name: 'receive', maxSize: QUEUE_SIZE },
    { name: 'transmit', maxSize: QUEUE_SIZE },
    { name: 'control', maxSize: CONTROL_QUEUE_SIZE },
  ],
  create: (context, options) => new NetDevice(context, options),
};
