import { existsSync, readFileSync } from 'node:fs';

/** Linux, proc(5): the first number is the processor time of this thread in nanoseconds. */
const SCHEDULING = '/proc/thread-self/schedstat';

/**
 * Milliseconds of processor time of this thread, independent of the load of the machine; elapsed time on systems other
 * than Linux.
 */
function processorTimeMs(): number {
  if (!existsSync(SCHEDULING)) return performance.now();
  return Number(readFileSync(SCHEDULING, 'utf8').split(' ')[0]) / 1e6;
}

/** Milliseconds of this thread's processor time that `work` takes. */
export function processorTimeOf(work: () => void): number {
  const before = processorTimeMs();
  work();
  return processorTimeMs() - before;
}
