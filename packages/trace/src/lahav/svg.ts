import { bucketLane } from './buckets.js';
import type { LahavLane, LahavLine } from './lahav-line.js';
import { coloursOf } from './palette.js';
import { spanOf } from './span.js';
import { lahavTotals, type LahavTotals } from './totals.js';
import { formatDuration, formatExits, formatShare, labelText, tickStep } from './units.js';

const WIDTH = 1200;
const LEFT = 90;
const RIGHT = 24;
const PLOT = WIDTH - LEFT - RIGHT;
const HEAD = 84;
const LANE = 92;
/** Guest segments are on the upper level of a lane, those of the hypervisor on the lower one. */
const LEVEL = 34;
/** Number of segments from which a lane is drawn as shares per column. */
const EXACT_SEGMENTS = 1500;

/**
 * A Lahav Line as a picture. Few segments are drawn one by one, with their edges; many as shares of each column.
 *
 * @experimental
 */
export function lahavSvg(line: LahavLine): string {
  const { from, to } = spanOf(line);
  const totals = lahavTotals(line);
  const colours = coloursOf(line.labels);
  const lanes = line.lanes.map((lane, index) => drawLane(line, lane, from, to, HEAD + index * LANE, colours));
  const bottom = HEAD + line.lanes.length * LANE;
  const legend = drawLegend(line, totals, colours, bottom + 44);
  const height = bottom + 44 + legend.height + 16;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui,sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    drawHead(totals, line.lost),
    ...lanes,
    drawAxis(to - from, bottom),
    legend.text,
    '</svg>\n',
  ].join('\n');
}

/** Escapes a name as XML text. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x}" y="${y}" fill="#24292f" ${attributes}>${escapeXml(content)}</text>`;
}

function drawHead(totals: LahavTotals, lost: number): string {
  const { duration, guest, hypervisor, idle } = totals;
  const facts = [
    `${formatDuration(duration)} of CPU time`,
    `guest ${formatShare(guest, duration)}`,
    `hypervisor ${formatShare(hypervisor, duration)}`,
    `idle ${formatShare(idle, duration)}`,
    `residency ${formatShare(guest, guest + hypervisor)}`,
    formatExits(totals, 'exits'),
    ...(lost === 0 ? [] : [`${lost} events lost`]),
  ];
  return text(LEFT, 32, 'Lahav Line', 'font-size="20" font-weight="600"') + text(LEFT, 56, facts.join('  ·  '));
}

function drawLane(
  line: LahavLine,
  lane: LahavLane,
  from: number,
  to: number,
  top: number,
  colours: readonly string[],
): string {
  const names =
    text(16, top + 22, `CPU ${lane.cpu}`, 'font-weight="600"') +
    text(LEFT - 8, top + 24, '', '') +
    `<line x1="${LEFT}" x2="${LEFT + PLOT}" y1="${top + 2 * LEVEL + 2}" y2="${top + 2 * LEVEL + 2}" stroke="#d0d7de"/>`;
  const exact = lane.starts.length <= EXACT_SEGMENTS;
  const body = exact
    ? drawSegments(line, lane, from, to, top, colours)
    : drawShares(line, lane, from, to, top, colours);
  return `<g>${names}${body}</g>`;
}

function drawSegments(
  line: LahavLine,
  lane: LahavLane,
  from: number,
  to: number,
  top: number,
  colours: readonly string[],
): string {
  const scale = PLOT / Math.max(1, to - from);
  const parts: string[] = [];
  let edge: number | undefined;
  lane.starts.forEach((start, n) => {
    const index = lane.labels[n] as number;
    const label = line.labels[index];
    if (label === undefined) return;
    const stop = lane.starts[n + 1] ?? lane.end;
    const x = LEFT + (start - from) * scale;
    const width = Math.max(0.5, (stop - start) * scale);
    const level = label.kind === 'guest' ? 0 : 1;
    if (edge !== undefined && edge !== level) {
      parts.push(`<path d="M${round(x)} ${top + 6}V${top + 2 * LEVEL}" stroke="#57606a" stroke-width=".5"/>`);
    }
    edge = level;
    const height = label.kind === 'idle' ? 6 : LEVEL - 8;
    const y = top + level * LEVEL + (LEVEL - height);
    const title = `${labelText(label)}: ${formatDuration(stop - start)} at ${formatDuration(start - from)}`;
    parts.push(
      `<rect x="${round(x)}" y="${y}" width="${round(width)}" height="${height}" fill="${colours[index]}"><title>${escapeXml(title)}</title></rect>`,
    );
  });
  return parts.join('');
}

/** One column for each unit of the picture's width: guests grow from the middle up, the hypervisor from the middle down. */
function drawShares(
  line: LahavLine,
  lane: LahavLane,
  from: number,
  to: number,
  top: number,
  colours: readonly string[],
): string {
  const { labels } = line;
  const groups = [...new Set(colours)];
  const groupOf = colours.map((colour) => groups.indexOf(colour));
  const kinds = groups.map((colour) => labels[colours.indexOf(colour)]?.kind);
  const times = bucketLane(lane, from, to, PLOT, groupOf, groups.length);
  const whole = (to - from) / PLOT;
  const paths = groups.map(() => '');
  for (let column = 0; column < PLOT; column++) {
    let up = top + LEVEL;
    let down = top + LEVEL;
    for (let group = 0; group < groups.length; group++) {
      const height = ((times[column * groups.length + group] ?? 0) / whole) * LEVEL;
      if (height < 0.05 || kinds[group] === 'idle') continue;
      const y = kinds[group] === 'guest' ? (up -= height) : (down += height) - height;
      paths[group] += `M${LEFT + column} ${round(y)}h1v${round(height)}h-1z`;
    }
  }
  return paths.map((path, group) => (path === '' ? '' : `<path d="${path}" fill="${groups[group]}"/>`)).join('');
}

function drawAxis(span: number, y: number): string {
  const step = tickStep(span, 8);
  let marks = '';
  for (let time = 0; time <= span; time += step) {
    const x = round(LEFT + (time / Math.max(1, span)) * PLOT);
    marks +=
      `<path d="M${x} ${y}v5" stroke="#57606a"/>` + text(x, y + 18, formatDuration(time), 'text-anchor="middle"');
  }
  return marks;
}

function drawLegend(
  { labels }: LahavLine,
  totals: LahavTotals,
  colours: readonly string[],
  top: number,
): { readonly text: string; readonly height: number } {
  const guests = totals.vcpus.map(({ vm, vcpu, guest }) => ({
    name: `guest ${vm}/${vcpu}`,
    time: guest,
    note: '',
    colour: colours[labels.findIndex((label) => label.kind === 'guest' && label.vm === vm && label.vcpu === vcpu)],
  }));
  const causes = totals.causes.map(({ cause, exits, time }) => ({
    name: cause,
    time,
    note: exits === 0 ? '' : `${exits} exits`,
    colour: colours[labels.findIndex((label) => label.cause === cause)],
  }));
  const rows = [...guests, ...causes];
  const longest = Math.max(1, ...rows.map(({ time }) => time));
  const lines = rows.map(({ name, time, note, colour }, index) => {
    const y = top + index * 20;
    const bar = round((time / longest) * (PLOT - 420));
    return [
      `<rect x="${LEFT}" y="${y}" width="12" height="12" fill="${colour ?? '#888'}"/>`,
      text(LEFT + 20, y + 11, name),
      text(LEFT + 290, y + 11, formatDuration(time), 'text-anchor="end"'),
      text(LEFT + 350, y + 11, formatShare(time, totals.duration), 'text-anchor="end"'),
      `<rect x="${LEFT + 364}" y="${y + 1}" width="${bar}" height="10" fill="${colour ?? '#888'}"/>`,
      text(LEFT + 372 + bar, y + 11, note, 'fill-opacity=".7"'),
    ].join('');
  });
  return { text: lines.join('\n'), height: rows.length * 20 };
}

const round = (value: number): number => Math.round(value * 100) / 100;
