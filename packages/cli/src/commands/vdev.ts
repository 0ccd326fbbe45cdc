import { machineOf } from '@qvm/core/board';
import type { Board } from '@qvm/core/board';
import { describeOption, nearestName } from '@qvm/core/options';
import type { OptionDeclarations, OptionDescription } from '@qvm/core/options';
import { COMMON_VDEV_OPTIONS, type VdevFactory } from '@qvm/core/vdev';
import { openHypervisor } from '../hypervisor.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';
import { table } from '../report/table.js';
import { placesOn } from './vdev-places.js';

const PREFIX = 'qvm-vdev-';

/** Vdev types in order of their names, and boards. */
interface KnownVdevs {
  readonly types: readonly VdevFactory[];
  readonly boards: readonly Board[];
}

async function knownVdevs(plugins: readonly string[]): Promise<KnownVdevs> {
  const hypervisor = await openHypervisor(plugins);
  const types = [...hypervisor.vdevTypes].sort((a, b) => (a.type < b.type ? -1 : 1));
  const { boards } = hypervisor;
  await hypervisor.dispose();
  return { types, boards };
}

/** Options of `qvm vdev list` and `help`. */
export interface VdevFlags {
  /** Packages or files that provide further types. */
  readonly plugin?: readonly string[];
}

/** `qvm vdev list` */
export async function listVdevs({ plugin = [], json }: VdevFlags & { readonly json?: boolean }): Promise<void> {
  const { types, boards } = await knownVdevs(plugin);
  const text =
    json === true
      ? JSON.stringify(
          types.map(({ type, description, options, architecture }) => ({
            type,
            description,
            ...(architecture === undefined ? {} : { architecture }),
            options: described(options),
          })),
          undefined,
          2,
        )
      : table(types.map((factory) => [factory.type, guestsText(factory, boards), factory.description]));
  process.stdout.write(`${text}\n`);
}

/** `qvm vdev help TYPE`; the type may be a package or a file, as in a configuration. */
export async function describeVdev(name: string, { plugin = [] }: VdevFlags): Promise<void> {
  const known = await knownVdevs(name.includes('/') ? [...plugin, name] : plugin);
  const types = name.includes('/') ? await typesOf(name, plugin, known) : [typeNamed(name, known)];
  process.stdout.write(`${types.map((factory) => describe(factory, known.boards)).join('\n\n')}\n`);
}

/** @throws CliError when the type does not exist. */
function typeNamed(name: string, { types }: KnownVdevs): VdevFactory {
  const type = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  const found = types.find((candidate) => candidate.type === type);
  if (found !== undefined) return found;
  const known = types.map((candidate) => candidate.type);
  const nearest = nearestName(type, known);
  const hint = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean "${nearest}"?`;
  throw new CliError(`there is no vdev type "${name}"; ${hint}`, CliExitCode.Usage);
}

/** The types that a package provides. @throws CliError when it cannot be imported, or provides none. */
async function typesOf(
  name: string,
  plugins: readonly string[],
  { types }: KnownVdevs,
): Promise<readonly VdevFactory[]> {
  const before = new Set((await knownVdevs(plugins)).types.map(({ type }) => type));
  const own = types.filter(({ type }) => type === name || !before.has(type));
  if (own.length !== 0) return own;
  throw new CliError(`${name} provides no vdev type that is not there without it`, CliExitCode.Failure);
}

function describe(factory: VdevFactory, boards: readonly Board[]): string {
  const { type, description, options } = factory;
  const guests = guestsText(factory, boards);
  const sections = [`${type}: ${description}${guests === '' ? '' : `\nOnly for ${guests} guests.`}`];
  const own = described(options);
  if (own.length !== 0) sections.push(`Options:\n${table(own.map(row), '  ')}`);
  sections.push(`Options of every vdev:\n${table(described(COMMON_VDEV_OPTIONS).map(row), '  ')}`);
  for (const board of boards) {
    const places = placesOn(board, factory);
    if (places.length !== 0) sections.push(`Addresses on the board ${board.name}:\n${table(places, '  ')}`);
  }
  return sections.join('\n\n');
}

/** The architecture of the guests that can have a vdev, if there is only one. */
function guestsText({ architecture, resources }: VdevFactory, boards: readonly Board[]): string {
  if (architecture !== undefined) return architecture;
  const able = boards.filter((board) => board.ioPorts === true || !needsPorts(resources, board));
  const names = new Set(able.map((board) => board.architecture));
  return names.size === 1 && boards.length > 1 ? [...names].join() : '';
}

/** Whether it has I/O ports, with default options; false if that depends on options. */
function needsPorts(resources: VdevFactory['resources'], board: Board): boolean {
  try {
    return resources({}, machineOf(board)).ports !== undefined;
  } catch {
    return false;
  }
}

function described(options: OptionDeclarations): readonly OptionDescription[] {
  return Object.entries(options).map(([name, declared]) => describeOption(name, declared));
}

function row(described: OptionDescription): readonly string[] {
  const { name, kind, values, description, required, repeatable, aliases = [] } = described;
  const notes = [
    ...(required === true ? ['required'] : []),
    ...(described.default === undefined ? [] : [`default ${described.default}`]),
    ...(repeatable === true ? ['may be repeated'] : []),
    ...aliases.map((alias) => `also ${alias}=`),
  ];
  const takes = kind === 'enum' ? (values ?? []).join('|') : kind;
  return [`${name}=`, takes, `${description}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`];
}
