import { nearestName } from '@qvm/core/options';
import type { Board, BoardPlace } from '@qvm/core/board';
import type { VdevFactory } from '@qvm/core/vdev';
import { openHypervisor } from '../hypervisor.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';
import { table } from '../report/table.js';

/** Options of `qvm board`. */
export interface BoardFlags {
  readonly json?: boolean;
  readonly plugin?: readonly string[];
}

/** `qvm board list` */
export async function listBoards({ json, plugin }: BoardFlags): Promise<void> {
  const hypervisor = await openHypervisor(plugin);
  const boards = [...hypervisor.boards];
  await hypervisor.dispose();
  const text =
    json === true
      ? JSON.stringify(boards, undefined, 2)
      : table(boards.map(({ name, architecture, description }) => [name, architecture, description]));
  process.stdout.write(`${text}\n`);
}

/** `qvm board help NAME` */
export async function describeBoard(name: string, { plugin }: BoardFlags): Promise<void> {
  const hypervisor = await openHypervisor(plugin);
  const [boards, types] = [[...hypervisor.boards], [...hypervisor.vdevTypes]];
  await hypervisor.dispose();
  const found = boards.find((board) => board.name === name);
  if (found !== undefined) {
    process.stdout.write(`${describe(found, types)}\n`);
    return;
  }
  const known = boards.map((board) => board.name);
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean "${nearest}"?`;
  throw new CliError(`there is no board "${name}"; ${hint}`, CliExitCode.Usage);
}

function describe(board: Board, types: readonly VdevFactory[]): string {
  const { first, last } = board.interrupts;
  const facts = [
    ['guests', board.architecture],
    ['RAM', `from ${hexadecimal(board.ram.base)}`],
    ['interrupts', `${first} to ${last}`],
    ['always there', board.implicitVdevs.join(', ') || 'nothing'],
    ['console', board.defaultConsole ?? 'none'],
  ];
  const reserved = (board.reserved ?? []).map(({ name, base, size }) => [name, hexadecimal(base), `${size} bytes`]);
  const places = Object.entries(board.places).map(([word, place]) => placeRow(word, place, types));
  return [
    `${board.name}: ${board.description}`,
    table(facts, '  '),
    `Places, by type or role of the vdev:\n${table(places, '  ')}`,
    ...(reserved.length === 0 ? [] : [`Kept:\n${table(reserved, '  ')}`]),
  ].join('\n\n');
}

function placeRow(
  word: string,
  { base, interrupt, row }: BoardPlace,
  types: readonly VdevFactory[],
): readonly string[] {
  const users = types.filter((factory) => factory.type === word || roleOf(factory) === word).map(({ type }) => type);
  const repeat =
    row === undefined
      ? ''
      : `${row.count} of them, 0x${row.addressStride.toString(16)} and ${row.interruptStride} apart`;
  return [word, valuesText(base, hexadecimal), valuesText(interrupt, String), repeat, users.sort().join(', ')];
}

/** The role in a type's resources; `undefined` if the resources depend on options. */
function roleOf({ resources }: VdevFactory): string | undefined {
  try {
    return resources({}).role;
  } catch {
    return undefined;
  }
}

function valuesText(values: BoardPlace['base'], write: (value: number) => string): string {
  if (values === undefined) return '-';
  return typeof values === 'number' ? write(values) : Object.values(values).map(write).join(' ');
}

const hexadecimal = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
