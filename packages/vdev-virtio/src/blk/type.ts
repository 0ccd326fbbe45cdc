import { QvmError } from '@qvm/core';
import { BLOCK_STORE, type BlockBackend } from '@qvm/core/services';
import { type VdevContext } from '@qvm/core/vdev';
import type { VirtioDeviceType } from '../device/virtio-device.js';
import { DEVICE_ID, FEATURE_NAMES, QUEUE_SIZE } from './constants.js';
import { BLK_OPTIONS, filesOf, isReadOnly, type BlkOptions } from './options.js';
import { BlkDevice } from './device.js';

/**
 * `virtio-blk`: a disk.
 *
 * @experimental
 */
export const virtioBlk: VirtioDeviceType<typeof BLK_OPTIONS> = {
  type: 'virtio-blk',
  description: 'Disk (VirtIO block device)',
  deviceId: DEVICE_ID,
  featureNames: FEATURE_NAMES,
  options: BLK_OPTIONS,
  files: filesOf,
  queues: ({ queues }) =>
    Array.from({ length: queues }, (_, index) => ({ name: `requests${index}`, maxSize: QUEUE_SIZE })),
  create: (context, options) => new BlkDevice(context, openDisk(context.vdev, options), options),
};

function openDisk(vdev: VdevContext, options: BlkOptions): BlockBackend {
  const { file, overlay } = options;
  const store = vdev.attachment(BLOCK_STORE);
  const disk = store.open(file.path, {
    readOnly: isReadOnly(options),
    owner: `${vdev.vm}:${vdev.name}`,
    ...(overlay === undefined ? {} : { overlay }),
  });
  if (disk.sync !== undefined || vdev.clock.kind !== 'icount') return disk;
  void disk.close();
  throw new QvmError('block.sync', `"${file.path}" cannot be used synchronously, as a VM with --icount needs it.`);
}
