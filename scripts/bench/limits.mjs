import { readFileSync } from 'node:fs';

const LIMITS = new URL('../../bench/tolerances.json', import.meta.url);

/**
 * Limits of bench/tolerances.json against rows. A limit names `group` and `name` of a row, the `figure` (`ours` or `ratio`)
 * and `max` or `min`; `arch` if it is not aarch64's, and `peer` if the other side is not QEMU but `v86`; `aim` is what we would like, in the same
 * direction. A limit whose row was not measured is left out.
 */
export function checkLimits(rows, arch, peer) {
  const { limits } = JSON.parse(readFileSync(LIMITS, 'utf8'));
  return limits.flatMap((limit) => {
    if ((limit.arch ?? 'aarch64') !== arch || (limit.peer ?? 'qemu') !== peer) return [];
    const row = rows.find(({ group, name }) => group === limit.group && name === limit.name);
    const value = row?.[limit.figure];
    if (value === undefined) return [];
    const within = (bound) => (limit.max === undefined ? value >= bound : value <= bound);
    const aim = limit.aim === undefined ? undefined : { value: limit.aim, met: within(limit.aim) };
    return [
      { ...limit, value, unit: limit.figure === 'ratio' ? '×' : row.unit, met: within(limit.max ?? limit.min), aim },
    ];
  });
}
