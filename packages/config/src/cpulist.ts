import { show } from '@qvm/core/options';
import type { FindingList } from './finding.js';
import { MAX_HOST_CPU } from './limits.js';
import type { Located } from './location.js';

const PART = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/;
const HINT = 'right would be "2,3" or "0-3"';

/** Parses `2,3`, `0-3`, `0-1,4`; reports problems and returns `undefined`. */
export function readCpulist(list: Located<string>, findings: FindingList): number[] | undefined {
  const cpus = new Set<number>();
  const fail = (message: string, hint: string): undefined => {
    findings.error(list.at, 'config.bad-cpulist', message, hint);
  };
  for (const part of list.value.split(',')) {
    const match = PART.exec(part.trim());
    if (match === null) return fail(`${show(list.value)} is not a list of CPUs`, HINT);
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first) return fail(`the range ${show(part.trim())} runs backwards`, `write "${last}-${first}"`);
    if (last > MAX_HOST_CPU) return fail(`CPU ${last} is beyond the highest number`, `the highest is ${MAX_HOST_CPU}`);
    for (let cpu = first; cpu <= last; cpu++) {
      if (cpus.has(cpu)) return fail(`${show(list.value)} names CPU ${cpu} twice`, 'name each CPU once');
      cpus.add(cpu);
    }
  }
  return [...cpus];
}

/** Warns if the numbers of vCPUs and host CPUs differ. */
export function checkCpulistLength(list: Located<readonly number[]>, cpus: number, findings: FindingList): void {
  const hosts = list.value.length;
  if (hosts === cpus) return;
  const consequence = hosts < cpus ? 'virtual CPUs will share host CPUs' : 'some host CPUs will stay unused';
  findings.warning(
    list.at,
    'config.cpulist-length',
    `cpulist names ${hosts} host CPU${hosts === 1 ? '' : 's'} for ${cpus} virtual CPU${cpus === 1 ? '' : 's'}`,
    `${consequence} unless "cpus" is ${hosts}`,
  );
}
