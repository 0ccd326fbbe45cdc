import type { OptionValues, VdevFactory, VdevResources, WindowRequest } from '@qvm/core/vdev';
import { CONTROL_BYTES } from './control-page.js';
import { FACTORY_BYTES } from './factory-page.js';
import { FixedRegion } from './fixed-region.js';
import { fixedRegion, regionFactory, shmemOptions } from './options.js';
import { RegionFactory } from './region-factory.js';

/**
 * Memory that a guest shares with other guests and with programs of the host.
 *
 * @experimental
 */
export const shmem: VdevFactory = {
  type: 'shmem',
  description: 'Memory shared with other VMs',
  options: shmemOptions,
  resources,
  create: (context, options) => {
    const fixed = fixedRegion(options);
    return fixed === undefined ? new RegionFactory(context, regionFactory(options)) : new FixedRegion(context, fixed);
  },
};

function resources(options: OptionValues): VdevResources {
  const fixed = fixedRegion(options);
  const registers =
    fixed === undefined ? { name: 'factory', size: FACTORY_BYTES } : { name: 'control', size: CONTROL_BYTES };
  return {
    mmio: [registers],
    interrupts: [{ name: 'doorbell' }],
    role: 'shared-memory',
    windows: [fixed === undefined ? factoryWindow(options) : dataWindow(fixed.bytes, options)],
  };
}

function factoryWindow({ window }: OptionValues): WindowRequest {
  return { name: 'regions', size: Number(window) };
}

function dataWindow(size: number, { paddr }: OptionValues): WindowRequest {
  return typeof paddr === 'number' ? { name: 'data', size, base: paddr } : { name: 'data', size };
}
