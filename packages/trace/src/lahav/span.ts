import type { LahavLine } from './lahav-line.js';

/** From the first start to the last end of all lanes, in nanoseconds; both 0 without lanes. */
export function spanOf({ lanes }: LahavLine): { readonly from: number; readonly to: number } {
  if (lanes.length === 0) return { from: 0, to: 0 };
  return {
    from: Math.min(...lanes.map(({ starts }) => starts[0] ?? Infinity)),
    to: Math.max(...lanes.map(({ end }) => end)),
  };
}
