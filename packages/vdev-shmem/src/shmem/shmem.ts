import { defineVdev } from '@qvm/core/vdev';
import { isPciFunction } from '@qvm/pci';
import type { VdevFactory, VdevMachine, VdevResources, WindowRequest } from '@qvm/core/vdev';
import { CONTROL_BYTES } from './control-page.js';
import { FACTORY_BYTES } from './factory-page.js';
import { CONTROL_RANGE, FixedRegion } from './fixed-region.js';
import {
  fixedRegion,
  regionFactory,
  SHMEM_OPTIONS,
  shmemProblems,
  type ShmemDeclarations,
  type ShmemOptions,
} from './options.js';
import { FACTORY_RANGE, RegionFactory } from './region-factory.js';

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

/** The board's word for places of registers of shared memory. */
const ROLE = 'shared-memory';
/** The vdev that has the PCI bus. */
const BUS = 'pci-host';

function resources(options: ShmemOptions, machine: VdevMachine | undefined): VdevResources {
  const fixed = fixedRegion(options);
  const windows = [fixed === undefined ? factoryWindow(options) : dataWindow(fixed.bytes, options)];
  if (isPciFunction(options, machine, ROLE)) return { windows, requires: [BUS] };
  const registers =
    fixed === undefined ? { name: FACTORY_RANGE, size: FACTORY_BYTES } : { name: CONTROL_RANGE, size: CONTROL_BYTES };
  return { mmio: [registers], interrupts: [{ name: 'doorbell' }], role: ROLE, windows };
}

function factoryWindow({ window }: ShmemOptions): WindowRequest {
  return { name: 'regions', size: window };
}

function dataWindow(size: number, { paddr }: ShmemOptions): WindowRequest {
  return paddr === undefined ? { name: 'data', size } : { name: 'data', size, base: paddr };
}
