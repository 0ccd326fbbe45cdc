import { bucketLane } from './buckets.js';
import type { LahavLane, LahavLine } from './lahav-line.js';
import { coloursOf, IDLE_COLOUR } from './palette.js';
import { spanOf } from './span.js';
import { lahavTotals, type LahavTotals } from './totals.js';
import { formatDuration, formatExits, formatShare, tickStep } from './units.js';

/**
 * Options for drawing a line on a terminal.
 *
 * @experimental
 */
export interface TerminalOptions {
  /** Columns of the terminal, at least 40. Default 80. */
  readonly width?: number;
  /** Whether to use colours (24 bits). Default false. */
  readonly colour?: boolean;
}

const NARROWEST = 40;
const WIDEST = 1000;
const MARGIN = 12;
/** Columns of the table of causes, without its bars. */
const TABLE_WIDTH = 55;
const BLOCKS = ' ▁▂▃▄▅▆▇█';
const ROWS = ['guest', 'hypervisor', 'idle'] as const;
const ROW_COLOURS: Readonly<Record<(typeof ROWS)[number], string>> = {
  guest: '#56b4e9',
  hypervisor: '#d55e00',
  idle: IDLE_COLOUR,
};

type Paint = (text: string, colour: string) => string;

/**
 * A Lahav Line as text: for each physical CPU the shares of guest, hypervisor and idle over time, then the totals.
 *
 * @experimental
 */
export function lahavTerminal(line: LahavLine, { width = 80, colour = false }: TerminalOptions = {}): string {
  const columns = Math.min(WIDEST, Math.max(NARROWEST, width)) - MARGIN;
  const paint: Paint = colour ? paintRgb : (text) => text;
  const { from, to } = spanOf(line);
  if (to <= from) return 'The trace shows no time.\n';
  const totals = lahavTotals(line);
  return [
    summary(line, totals),
    '',
    ...line.lanes.flatMap((lane) => drawLane(line, lane, from, to, columns, paint)),
    axis(to - from, columns),
    '',
    ...causeTable(line, totals, columns, paint),
    '',
  ].join('\n');
}

function summary({ lost }: LahavLine, totals: LahavTotals): string {
  const { duration, guest, hypervisor, idle, longestHypervisor } = totals;
  const longest = longestHypervisor
    ? `longest in the hypervisor ${formatDuration(longestHypervisor.time)} (${longestHypervisor.label.cause})`
    : undefined;
  const times = [
    `guest ${formatDuration(guest)}`,
    `hypervisor ${formatDuration(hypervisor)}`,
    `idle ${formatDuration(idle)}`,
  ];
  return [
    `${formatDuration(duration)} of CPU time: ${times.join(', ')}`,
    `residency ${formatShare(guest, guest + hypervisor)}; ${formatExits(totals, 'guest exits')}`,
    ...(longest === undefined ? [] : [longest]),
    ...(lost === 0 ? [] : [`${lost} events were lost: the line is a guess around them`]),
  ].join('\n');
}

function drawLane(
  { labels }: LahavLine,
  lane: LahavLane,
  from: number,
  to: number,
  columns: number,
  paint: Paint,
): string[] {
  const groupOf = labels.map(({ kind }) => ROWS.indexOf(kind));
  const times = bucketLane(lane, from, to, columns, groupOf, ROWS.length);
  const whole = (to - from) / columns;
  return ROWS.map((row, group) => {
    const cells = Array.from({ length: columns }, (_, column) =>
      block((times[column * ROWS.length + group] ?? 0) / whole),
    );
    const name = group === 0 ? `CPU ${lane.cpu}`.padEnd(MARGIN - 7) : ' '.repeat(MARGIN - 7);
    return `${name}${row.slice(0, 5).padEnd(5)} ${paint(cells.join(''), ROW_COLOURS[row])}`;
  });
}

/** A state that occurs is shown even if it is very short. */
function block(share: number): string {
  const level = share <= 0 ? 0 : Math.max(1, Math.min(8, Math.round(share * 8)));
  return BLOCKS[level] as string;
}

function axis(span: number, columns: number): string {
  const step = tickStep(span, Math.max(1, Math.floor(columns / 14)));
  let text = ' '.repeat(MARGIN - 1);
  for (let time = 0; time < span; time += step) {
    const at = MARGIN - 1 + Math.floor((time / span) * columns);
    const mark = `╵${formatDuration(time)}`;
    if (at + mark.length > columns + MARGIN) break;
    text = text.padEnd(at) + mark;
  }
  return text;
}

function causeTable(
  line: LahavLine,
  { causes, duration, hypervisor }: LahavTotals,
  columns: number,
  paint: Paint,
): string[] {
  const colours = coloursOf(line.labels);
  const barWidth = Math.max(4, columns + MARGIN - TABLE_WIDTH - 2);
  const head = `${'hypervisor'.padEnd(15)}${'exits'.padStart(9)}${'time'.padStart(11)}${'of all'.padStart(9)}${'longest'.padStart(11)}`;
  const rows = causes.map(({ cause, exits, time, longest }) => {
    const bar = '█'.repeat(Math.round((time / Math.max(1, hypervisor)) * barWidth));
    const colour = colours[line.labels.findIndex((label) => label.cause === cause)] ?? IDLE_COLOUR;
    const share = formatShare(time, duration);
    const numbers = [
      String(exits).padStart(9),
      formatDuration(time).padStart(11),
      share.padStart(9),
      formatDuration(longest).padStart(11),
    ];
    return `${cause.slice(0, 14).padEnd(15)}${numbers.join('')}  ${paint(bar, colour)}`.trimEnd();
  });
  return [head, ...rows];
}

function paintRgb(text: string, colour: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `\u001b[38;2;${red};${green};${blue}m${text}\u001b[0m`;
}
