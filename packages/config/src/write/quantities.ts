const SUFFIXES = [
  ['T', 2 ** 40],
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['K', 2 ** 10],
] as const;

/** Formats a size: `256M`, or in hexadecimal if no suffix is exact. */
export function sizeText(bytes: number): string {
  const fitting = SUFFIXES.find(([, unit]) => bytes !== 0 && bytes % unit === 0);
  return fitting === undefined ? addressText(bytes) : `${bytes / fitting[1]}${fitting[0]}`;
}

/** Formats an address in hexadecimal. */
export function addressText(address: number): string {
  return `0x${address.toString(16)}`;
}

/** Formats CPUs in their order, adjacent ones as ranges: `2,3`, `0-3`. */
export function cpulistText(cpus: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const cpu of cpus) {
    const range = ranges.at(-1);
    if (range !== undefined && cpu === range.last + 1) range.last = cpu;
    else ranges.push({ first: cpu, last: cpu });
  }
  return ranges
    .map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
    .join(',');
}

/** The argument of `sched`: the priority, and the policy if it is not round-robin. */
export function schedText(priority: number, policy: 'fifo' | undefined): string {
  return `${priority}${policy === undefined ? '' : 'f'}`;
}
