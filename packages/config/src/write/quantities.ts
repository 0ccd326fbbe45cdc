const SUFFIXES = [
  ['T', 2 ** 40],
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['K', 2 ** 10],
] as const;

/** A size as a person would write it: `256M`, or in hexadecimal where no suffix fits. */
export function sizeText(bytes: number): string {
  const fitting = SUFFIXES.find(([, unit]) => bytes !== 0 && bytes % unit === 0);
  return fitting === undefined ? addressText(bytes) : `${bytes / fitting[1]}${fitting[0]}`;
}

/** An address: hexadecimal. */
export function addressText(address: number): string {
  return `0x${address.toString(16)}`;
}

/** `2,3`, `0-3`: CPUs in their order, neighbours as ranges. */
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

/** What `sched` takes: the priority, and the policy where it is not round-robin. */
export function schedText(priority: number, policy: 'fifo' | undefined): string {
  return `${priority}${policy === undefined ? '' : 'f'}`;
}
