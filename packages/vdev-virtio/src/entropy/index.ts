import type { OptionValues, VdevContext } from '@qvm/core';
import type { VirtioDeviceType } from '../device/virtio-device.js';
import { EntropyDevice } from './device.js';
import { ENTROPY_SOURCE, platformEntropy } from './entropy-source.js';
import type { EntropySource } from './entropy-source.js';
import { SeededEntropy } from './seeded-entropy.js';

const QUEUE_SIZE = 64;

/**
 * VirtIO entropy device.
 *
 * @experimental
 */
export const virtioEntropy: VirtioDeviceType = {
  type: 'virtio-entropy',
  description: 'VirtIO entropy device: random numbers for the guest',
  deviceId: 4,
  options: [
    {
      name: 'seed',
      kind: 'number',
      description: 'Give the same bytes each time, made from this number; under icount 0 when absent',
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
    },
  ],
  queues: () => [{ name: 'requests', maxSize: QUEUE_SIZE }],
  create: (context, options) => new EntropyDevice(context, sourceFor(context.vdev, options)),
};

/** Runs under `icount` are the same each time, so random numbers are too. */
function sourceFor(vdev: VdevContext, { seed }: OptionValues): EntropySource {
  if (typeof seed === 'number') return new SeededEntropy(seed);
  return vdev.clock.kind === 'icount'
    ? new SeededEntropy(0)
    : (vdev.optionalAttachment(ENTROPY_SOURCE) ?? platformEntropy);
}
