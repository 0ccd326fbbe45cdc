import type { LahavLine } from './lahav-line.js';
import { spanOf } from './span.js';
import { lahavTotals } from './totals.js';

/**
 * A line as pieces of one JSON document: totals, labels, and for each lane its segments as `[start, label]`, with
 * times in nanoseconds since the start of the line.
 *
 * @experimental
 */
export function* lahavJson(line: LahavLine): Generator<string, void, undefined> {
  const { from, to } = spanOf(line);
  const { lanes, labels, lost } = line;
  const head = JSON.stringify({
    version: 1,
    start: from,
    duration: to - from,
    lost,
    totals: lahavTotals(line),
    labels,
  });
  yield `${head.slice(0, -1)},"lanes":[`;
  for (const [index, lane] of lanes.entries()) {
    yield `${index === 0 ? '' : ','}\n{"cpu":${lane.cpu},"end":${lane.end - from},"segments":[`;
    for (let n = 0; n < lane.starts.length; n++) {
      yield `${n === 0 ? '' : ','}[${(lane.starts[n] as number) - from},${lane.labels[n]}]`;
    }
    yield ']}';
  }
  yield '\n]}\n';
}
