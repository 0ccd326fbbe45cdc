import type { VdevFactory } from '@qvm/core';

/**
 * The VirtIO vdev types of this package, to be provided under `VDEV_FACTORY`. There are none yet.
 *
 * @experimental
 */
export const virtioVdevs: readonly VdevFactory[] = [];
