import { QvmError } from '@qvm/core';
import type { OptionSpec, OptionValues } from '@qvm/core/vdev';
import { isRegionName } from '../registry/region-name.js';
import type { FixedRegionOptions } from './fixed-region.js';
import { Permissions } from './permissions.js';
import type { RegionFactoryOptions } from './region-factory.js';

const PAGE = 0x1000;
const CREATE = /^([^,]+),(0x[0-9a-fA-F]{1,13}|[0-9]{1,13})([KMG]?)$/i;
const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Options of `shmem`, both forms. */
export const shmemOptions: readonly OptionSpec[] = [
  { name: 'role', kind: 'enum', values: ['server', 'client'], description: 'The server makes the region of this name' },
  { name: 'size', kind: 'size', min: PAGE, description: 'Bytes of the region, the same for server and clients' },
  { name: 'paddr', kind: 'address', description: 'Where the guest has the region; chosen when absent' },
  { name: 'create', kind: 'string', repeatable: true, description: 'NAME,SIZE: a region to make for guests that ask' },
  { name: 'allow', kind: 'string', repeatable: true, description: 'Regions that the guest may ask for: a pattern' },
  { name: 'deny', kind: 'string', repeatable: true, description: 'Regions that the guest may not ask for: a pattern' },
  {
    name: 'window',
    kind: 'size',
    default: '64M',
    min: 2 * PAGE,
    description: 'Guest-physical room for regions that the guest asks for',
  },
];

/** The options of a region with a fixed place, or `undefined` when the guest asks for its regions. */
export function fixedRegion(options: OptionValues): FixedRegionOptions | undefined {
  const { name, role, size } = options;
  if (role === undefined && size === undefined) return undefined;
  if (role !== 'server' && role !== 'client') throw refused('a region with a size needs a role: server or client');
  if (!isRegionName(name)) throw refused('a region with a role needs a name: 1 to 32 characters without blanks');
  if (typeof size !== 'number' || size % PAGE !== 0) throw refused('a region needs a size that is a multiple of 4K');
  if (['create', 'allow', 'deny'].some((word) => textsOf(options[word]).length !== 0)) {
    throw refused('create, allow and deny are for guests that ask for regions; they do not go with a role');
  }
  return { region: name, bytes: size, role };
}

/** The options of a factory. */
export function regionFactory(options: OptionValues): RegionFactoryOptions {
  if (options['paddr'] !== undefined) throw refused('paddr goes with a role; where the guest asks, the vdev chooses');
  const create = textsOf(options['create']).map(regionToCreate);
  const names = create.map(({ name }) => name);
  return { create, permissions: new Permissions(names, textsOf(options['allow']), textsOf(options['deny'])) };
}

function regionToCreate(text: string): { readonly name: string; readonly bytes: number } {
  const [, name, digits, unit = ''] = CREATE.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toUpperCase()] ?? NaN);
  if (!isRegionName(name) || !Number.isSafeInteger(bytes) || bytes <= 0 || bytes % PAGE !== 0) {
    throw refused(`create takes NAME,SIZE with a multiple of 4K, not "${text}"`);
  }
  return { name, bytes };
}

function textsOf(value: OptionValues[string]): readonly string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? (value as readonly (string | number | boolean)[]) : [value]).map(String);
}

function refused(problem: string): QvmError {
  return new QvmError('vdev.option', `The vdev shmem cannot be made: ${problem}.`);
}
