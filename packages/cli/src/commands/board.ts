import { nearestName } from '@qvm/core/options';
import { machineOf, type Board, type BoardPlace, type BoardRow } from '@qvm/core/board';
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
  const { first, last, exclusive } = board.interrupts;
  const single = exclusive === undefined ? '' : `; ${exclusive.first} to ${exclusive.last} have one source each`;
  const facts = [
    ['guests', board.architecture],
    ['RAM', ramText(board.ram)],
    ['interrupts', `${first} to ${last}${single}`],
    ['always there', board.implicitVdevs.join(', ') || 'nothing'],
    ['console', board.defaultConsole ?? 'none'],
    ...(board.firmware === undefined ? [] : [['with firmware', firmwareText(board.firmware)]]),
  ];
  const reserved = (board.reserved ?? []).map(({ name, base, size }) => [name, hexadecimal(base), `${size} bytes`]);
  const places = Object.entries(board.places).map(([word, place]) => placeRow(board, word, place, types));
  return [
    `${board.name}: ${board.description}`,
    table(facts, '  '),
    `Places, by type or role of the vdev:\n${table(places, '  ')}`,
    ...(reserved.length === 0 ? [] : [`Kept:\n${table(reserved, '  ')}`]),
  ].join('\n\n');
}

function ramText({ base, holes = [] }: Board['ram']): string {
  const ranges = holes.map((hole) => `${hexadecimal(hole.base)}-${hexadecimal(hole.base + hole.size - 1)}`);
  return [`from ${hexadecimal(base)}`, ...(ranges.length === 0 ? [] : [`but not ${ranges.join(', ')}`])].join(', ');
}

function firmwareText({ end, ram, vdevs }: NonNullable<Board['firmware']>): string {
  const ranges = ram.map(({ base, size }) => `RAM ${hexadecimal(base)}-${hexadecimal(base + size - 1)}`);
  return [`ROM up to ${hexadecimal(end - 1)}`, ...ranges, ...vdevs].join(', ');
}

function placeRow(
  board: Board,
  word: string,
  { base, port, interrupt, row }: BoardPlace,
  types: readonly VdevFactory[],
): readonly string[] {
  const users = types
    .filter((factory) => factory.type === word || roleOf(board, factory) === word)
    .map(({ type }) => type);
  return [
    word,
    valuesText(base, hexadecimal),
    ...(board.ioPorts === true ? [valuesText(port, portText)] : []),
    valuesText(interrupt, String),
    row === undefined ? '' : rowText(row),
    users.sort().join(', '),
  ];
}

function rowText({ count, addressStride, portStride, interruptStride }: BoardRow): string {
  const strides = [
    ...(portStride === undefined || addressStride !== 0 ? [`0x${addressStride.toString(16)}`] : []),
    ...(portStride === undefined ? [] : [`${portStride < 0 ? '-' : ''}0x${Math.abs(portStride).toString(16)}`]),
    String(interruptStride),
  ];
  return `${count} of them, ${strides.join(' and ')} apart`;
}

/** The role in a type's resources; `undefined` if the resources depend on options. */
function roleOf(board: Board, { resources }: VdevFactory): string | undefined {
  try {
    return resources({}, machineOf(board)).role;
  } catch {
    return undefined;
  }
}

function valuesText(values: BoardPlace['base'], write: (value: number) => string): string {
  if (values === undefined) return '-';
  return typeof values === 'number' ? write(values) : Object.values(values).map(write).join(' ');
}

const hexadecimal = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

const portText = (port: number): string => `0x${port.toString(16)}`;
