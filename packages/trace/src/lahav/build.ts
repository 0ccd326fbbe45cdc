import type { TraceEvent } from '../event.js';
import type { Trace } from '../trace.js';
import { LabelTable } from './label-table.js';
import type { LahavLane, LahavLine } from './lahav-line.js';
import { LaneBuilder } from './lane-builder.js';

/**
 * Draws the Lahav Line of a trace.
 *
 * @param wanted - returns whether to draw an event.
 * @experimental
 */
export function buildLahavLine(trace: Trace, wanted: (event: TraceEvent) => boolean = () => true): LahavLine {
  const table = new LabelTable();
  const builders = new Map<number, LaneBuilder>();
  for (const event of trace.cursors()) {
    if (!wanted(event)) continue;
    let builder = builders.get(event.cpu);
    if (builder === undefined) builders.set(event.cpu, (builder = new LaneBuilder(event.cpu, event.time, table)));
    builder.add(event);
  }
  const lanes = [...builders.values()].map((builder) => builder.lane()).sort((a, b) => a.cpu - b.cpu);
  return { lanes, labels: table.labels, lost: trace.lost };
}

/**
 * The part of a line between two times in nanoseconds.
 *
 * @experimental
 */
export function clipLahavLine(line: LahavLine, from: number, to: number): LahavLine {
  return {
    ...line,
    lanes: line.lanes.map((lane) => clipLane(lane, from, to)).filter(({ starts }) => starts.length > 0),
  };
}

function clipLane(lane: LahavLane, from: number, to: number): LahavLane {
  const { starts, labels } = lane;
  const end = Math.max(from, Math.min(lane.end, to));
  const after = starts.findIndex((start) => start >= end);
  const last = after < 0 ? starts.length : after;
  const inside = starts.findIndex((start) => start > from);
  const first = Math.max(0, (inside < 0 ? starts.length : inside) - 1);
  if (end === from || first >= last || lane.end <= from) {
    return { ...lane, starts: new Float64Array(0), labels: new Uint32Array(0), end };
  }
  const clipped = starts.slice(first, last);
  clipped[0] = Math.max(from, clipped[0] as number);
  return { ...lane, starts: clipped, labels: labels.slice(first, last), end };
}
