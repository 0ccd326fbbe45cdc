import { nearestName } from '@qvm/config';
import type { OptionSpec, VdevFactory } from '@qvm/core/vdev';
import { COMMON_VDEV_OPTIONS } from '@qvm/sdk';
import { openHypervisor } from '../hypervisor.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';
import { table } from '../report/table.js';
import { defaultPlaces } from './vdev-places.js';

const PREFIX = 'qvm-vdev-';

async function vdevTypes(): Promise<readonly VdevFactory[]> {
  const hypervisor = await openHypervisor();
  const types = [...hypervisor.vdevTypes].sort((a, b) => (a.type < b.type ? -1 : 1));
  await hypervisor.dispose();
  return types;
}

/** `qvm vdev list` */
export async function listVdevs(json: boolean): Promise<void> {
  const types = await vdevTypes();
  const text = json
    ? JSON.stringify(
        types.map(({ type, description, options }) => ({ type, description, options })),
        undefined,
        2,
      )
    : table(types.map(({ type, description }) => [type, description]));
  process.stdout.write(`${text}\n`);
}

/** `qvm vdev help TYPE` */
export async function describeVdev(name: string): Promise<void> {
  const types = await vdevTypes();
  const type = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  const found = types.find((candidate) => candidate.type === type);
  if (found === undefined) {
    const known = types.map((candidate) => candidate.type);
    const nearest = nearestName(type, known);
    const hint = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean "${nearest}"?`;
    throw new CliError(`there is no vdev type "${name}"; ${hint}`, CliExitCode.Usage);
  }
  process.stdout.write(`${describe(found)}\n`);
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
