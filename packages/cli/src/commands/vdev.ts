import { nearestName } from '@qvm/config';
import type { OptionSpec, VdevFactory } from '@qvm/core/vdev';
import { COMMON_VDEV_OPTIONS } from '@qvm/sdk';
import { openHypervisor } from '../hypervisor.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';
import { table } from '../report/table.js';
import { defaultPlaces } from './vdev-places.js';

const PREFIX = 'qvm-vdev-';

async function vdevTypes(plugins: readonly string[]): Promise<readonly VdevFactory[]> {
  const hypervisor = await openHypervisor(plugins);
  const types = [...hypervisor.vdevTypes].sort((a, b) => (a.type < b.type ? -1 : 1));
  await hypervisor.dispose();
  return types;
}

/** Options of `qvm vdev list` and `help`. */
export interface VdevFlags {
  /** Packages or files that provide further types. */
  readonly plugin?: readonly string[];
}

/** `qvm vdev list` */
export async function listVdevs({ plugin = [], json }: VdevFlags & { readonly json?: boolean }): Promise<void> {
  const types = await vdevTypes(plugin);
  const text =
    json === true
      ? JSON.stringify(
          types.map(({ type, description, options }) => ({ type, description, options })),
          undefined,
          2,
        )
      : table(types.map(({ type, description }) => [type, description]));
  process.stdout.write(`${text}\n`);
}

/** `qvm vdev help TYPE`, where the type may be a package, or a file, as in a configuration. */
export async function describeVdev(name: string, { plugin = [] }: VdevFlags): Promise<void> {
  const types = name.includes('/') ? await typesOf(name, plugin) : [await typeNamed(name, plugin)];
  process.stdout.write(`${types.map(describe).join('\n\n')}\n`);
}

/** @throws CliError when there is no such type. */
async function typeNamed(name: string, plugins: readonly string[]): Promise<VdevFactory> {
  const types = await vdevTypes(plugins);
  const type = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  const found = types.find((candidate) => candidate.type === type);
  if (found !== undefined) return found;
  const known = types.map((candidate) => candidate.type);
  const nearest = nearestName(type, known);
  const hint = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean "${nearest}"?`;
  throw new CliError(`there is no vdev type "${name}"; ${hint}`, CliExitCode.Usage);
}

/** The types that a package adds. @throws CliError when it cannot be imported, or adds none. */
async function typesOf(name: string, plugins: readonly string[]): Promise<readonly VdevFactory[]> {
  const before = new Set((await vdevTypes(plugins)).map(({ type }) => type));
  const types = await vdevTypes([...plugins, name]);
  const own = types.filter(({ type }) => type === name || !before.has(type));
  if (own.length !== 0) return own;
  throw new CliError(`${name} provides no vdev type that is not there without it`, CliExitCode.Failure);
}

function describe(factory: VdevFactory): string {
  const { type, description, options } = factory;
  const own = options.map(({ name }) => name);
  const common = COMMON_VDEV_OPTIONS.filter(({ name }) => !own.includes(name));
  const sections = [`${type}: ${description}`];
  if (options.length !== 0) sections.push(`Options:\n${table(options.map(row), '  ')}`);
  sections.push(`Options of every vdev:\n${table(common.map(row), '  ')}`);
  const places = defaultPlaces(factory);
  if (places.length !== 0) sections.push(`Where it is by default:\n${table(places, '  ')}`);
  return sections.join('\n\n');
}

function row(option: OptionSpec): readonly string[] {
  const { name, kind, values, description, required, repeatable } = option;
  const notes = [
    ...(required === true ? ['required'] : []),
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
    ...(repeatable === true ? ['may be repeated'] : []),
  ];
  return [`${name}=`, values?.join('|') ?? kind, `${description}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`];
}
