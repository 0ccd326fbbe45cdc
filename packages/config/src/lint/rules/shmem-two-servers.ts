import { show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { sharedMemoryEnds } from '../shared-memory.js';
import { eachClash, placeText } from '../vdevs.js';

/** `lint.shmem-two-servers` @experimental */
export const shmemTwoServers: LintRule = {
  code: 'lint.shmem-two-servers',
  severity: 'error',
  summary: 'A region of shared memory has two servers.',
  description: 'The second one is refused. Make all ends but one clients.',
  bad: { texts: ['vdev shmem name shm size 4M role server', 'vdev shmem name shm size 4M role server'] },
  good: { texts: ['vdev shmem name shm size 4M role server', 'vdev shmem name shm size 4M role client'] },
  check: (target, _facts, report) => {
    eachClash(
      sharedMemoryEnds(target).filter(({ role }) => role === 'server'),
      ({ name }) => name,
      (end, first, name) => {
        const hint = `the other one is in ${placeText(first.at, end.at)}`;
        report(end.at, `${first.owner} is the server of the shared memory ${show(name)} already`, hint);
      },
    );
  },
};
