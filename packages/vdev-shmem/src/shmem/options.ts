import { QvmError } from '@qvm/core';
import { defineOptions, option, parseSize, show, textKind } from '@qvm/core/options';
import { PCI_OPTIONS, TRANSPORT_OPTION, transportProblems } from '@qvm/pci';
import type { OptionProblem, VdevOptions } from '@qvm/core/vdev';
import { isRegionName } from '../registry/region-name.js';
import type { FixedRegionOptions } from './fixed-region.js';
import { Permissions } from './permissions.js';
import type { RegionFactoryOptions } from './region-factory.js';

const PAGE = 0x1000;

/** A region to be created, as given in its option. */
export interface RegionToCreate {
  readonly name: string;
  readonly bytes: number;
}

const regionKind = textKind('NAME,SIZE', regionToCreate, ({ name, bytes }) => `${name},${bytes}`);

/** Options of both forms of `shmem`. */
export const SHMEM_OPTIONS = defineOptions({
  role: option.enum(['server', 'client'], { description: 'The server makes the region of this name' }),
  size: option.size({
    min: PAGE,
    multipleOf: PAGE,
    description: 'Bytes of the region, the same for server and clients',
  }),
  paddr: option.address({ description: 'Guest-physical address of the region; chosen when absent' }),
  create: option.of(regionKind, {
    repeatable: true,
    description: 'NAME,SIZE: a region to make for guests that ask',
  }),
  allow: option.string({ repeatable: true, description: 'Regions that the guest may ask for: a pattern' }),
  deny: option.string({ repeatable: true, description: 'Regions that the guest may not ask for: a pattern' }),
  window: option.size({
    default: 0x400_0000,
    min: 2 * PAGE,
    multipleOf: PAGE,
    description: 'Guest-physical room for regions that the guest asks for',
  }),
  transport: TRANSPORT_OPTION,
  ...PCI_OPTIONS,
});

/** Their declarations. */
export type ShmemDeclarations = typeof SHMEM_OPTIONS;

/** Values of the options, and of those that every vdev has. */
export type ShmemOptions = VdevOptions<ShmemDeclarations>;

/** Problems of options that belong to different forms, or of an incomplete region. */
export function shmemProblems(options: ShmemOptions): readonly OptionProblem[] {
  const { role, size } = options;
  const form = role === undefined && size === undefined ? factoryProblems(options) : fixedProblems(options);
  return [...transportProblems(options), ...form];
}

function factoryProblems({ paddr }: ShmemOptions): readonly OptionProblem[] {
  if (paddr === undefined) return [];
  return [{ option: 'paddr', message: 'it goes with a role; where the guest asks, the vdev chooses' }];
}

function fixedProblems({ name, role, size, create, allow, deny }: ShmemOptions): readonly OptionProblem[] {
  const foreign = Object.entries({ create, allow, deny }).filter(([, values]) => values.length !== 0);
  return [
    ...(role === undefined ? [{ option: 'size', message: 'a region with a size needs a role: server or client' }] : []),
    ...(size === undefined ? [{ option: 'role', message: 'a region with a role needs a size' }] : []),
    ...(isRegionName(name)
      ? []
      : [
          {
            option: name === undefined ? 'role' : 'name',
            message: 'a region with a role needs a name: 1 to 32 characters without blanks',
          },
        ]),
    ...foreign.map(([option]) => ({
      option,
      message: 'it is for guests that ask for regions, and does not go with a role',
    })),
  ];
}

/** The options of a region with a fixed address, or `undefined` if the guest requests its regions. */
export function fixedRegion({ name, role, size, pci }: ShmemOptions): FixedRegionOptions | undefined {
  if (name === undefined || role === undefined || size === undefined) return undefined;
  return { region: name, bytes: size, role, pci };
}

/** The options of a factory. */
export function regionFactory({ create, allow, deny, pci }: ShmemOptions): RegionFactoryOptions {
  const names = create.map(({ name }) => name);
  return { create, permissions: new Permissions(names, allow, deny), pci };
}

function regionToCreate(text: string): RegionToCreate {
  const [, name, sizeText = ''] = /^([^,]+),(.+)$/.exec(text) ?? [];
  const size = parseSize(sizeText);
  if (isRegionName(name) && size.ok && size.value > 0 && size.value % PAGE === 0) return { name, bytes: size.value };
  throw new QvmError('vdev.option', `${show(text)} is not NAME,SIZE with a multiple of 4K`);
}
