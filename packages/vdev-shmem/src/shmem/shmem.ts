import { defineVdev } from '@qvm/core/vdev';
import type { VdevFactory, VdevResources, WindowRequest } from '@qvm/core/vdev';
import { CONTROL_BYTES } from './control-page.js';
import { FACTORY_BYTES } from './factory-page.js';
import { FixedRegion } from './fixed-region.js';
import {
  fixedRegion,
  regionFactory,
  SHMEM_OPTIONS,
  shmemProblems,
  type ShmemDeclarations,
  type ShmemOptions,
} from './options.js';
import { RegionFactory } from './region-factory.js';

/**
 * Memory that a guest shares with other guests and with programs of the host.
 *
 * @experimental
 */
export const shmem: VdevFactory<ShmemDeclarations> = defineVdev({
  type: 'shmem',
  description: 'Memory shared with other VMs',
  options: SHMEM_OPTIONS,
  check: shmemProblems,
  resources,
  create: (context, options) => {
    const fixed = fixedRegion(options);
    return fixed === undefined ? new RegionFactory(context, regionFactory(options)) : new FixedRegion(context, fixed);
  },
});

function resources(options: ShmemOptions): VdevResources {
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

function factoryWindow({ window }: ShmemOptions): WindowRequest {
  return { name: 'regions', size: window };
}

function dataWindow(size: number, { paddr }: ShmemOptions): WindowRequest {
  return paddr === undefined ? { name: 'data', size } : { name: 'data', size, base: paddr };
}
