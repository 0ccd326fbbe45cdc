import { existsSync, readFileSync } from 'node:fs';

/** Linux, proc(5): its first number is the nanoseconds that this thread has spent on a processor. */
const SCHEDULING = '/proc/thread-self/schedstat';

/** Milliseconds that this thread has worked, however busy the machine is; elsewhere than on Linux, that have passed. */
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
