import type { LahavLane } from './lahav-line.js';

/**
 * Shares of a lane's time, column by column, for a picture that has fewer columns than the lane has segments. Also
 * runs in the page, so it uses nothing outside of itself.
 *
 * @param groupOf - the group of each label, or −1 to leave it out.
 * @returns for column c and group g, at `c * groups + g`, the time of that group in that column, in nanoseconds.
 * @experimental
 */
export function bucketLane(
  lane: LahavLane,
  from: number,
  to: number,
  columns: number,
  groupOf: ArrayLike<number>,
  groups: number,
): Float64Array {
  const { starts, labels, end } = lane;
  const times = new Float64Array(columns * groups);
  const width = (to - from) / columns;
  // The last segment that begins before the first column.
  let low = 0;
  for (let high = starts.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] as number) <= from) low = middle + 1;
    else high = middle;
  }
  for (let n = Math.max(0, low - 1); n < starts.length && (starts[n] as number) < to; n++) {
    const group = groupOf[labels[n] as number] ?? -1;
    if (group < 0) continue;
    const start = Math.max(from, starts[n] as number) - from;
    const stop = Math.min(to, starts[n + 1] ?? end) - from;
    const last = Math.min(columns - 1, Math.floor(stop / width));
    for (let column = Math.floor(start / width); column <= last; column++) {
      const part = Math.min(stop, (column + 1) * width) - Math.max(start, column * width);
      const at = column * groups + group;
      if (part > 0) times[at] = (times[at] as number) + part;
    }
  }
  return times;
}
