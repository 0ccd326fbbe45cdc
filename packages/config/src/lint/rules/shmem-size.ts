import { hexadecimal } from '@qvm/core';
import { show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { sharedMemoryEnds } from '../shared-memory.js';
import { eachClash, placeText } from '../vdevs.js';

/** `lint.shmem-size` @experimental */
export const shmemSize: LintRule = {
  code: 'lint.shmem-size',
  severity: 'error',
  summary: 'The VMs of a region of shared memory give different sizes.',
  description: 'The second VM that attaches is refused. Write one size everywhere.',
  bad: {
    texts: ['ram 256M vdev shmem name shm size 4M role client', 'vdev shmem name shm size 8M role server'],
  },
  good: {
    texts: ['ram 256M vdev shmem name shm size 8M role client', 'vdev shmem name shm size 8M role server'],
  },
  check: (target, _facts, report) => {
    const sized = sharedMemoryEnds(target).filter(({ size }) => size !== undefined);
    eachClash(
      sized,
      ({ name }) => name,
      (end, first, name) => {
        if (end.size === first.size) return;
        const message = `the shared memory ${show(name)} has ${hexadecimal(end.size ?? 0)} bytes here, ${hexadecimal(first.size ?? 0)} for ${first.owner}`;
        report(end.at, message, `the other end is in ${placeText(first.at, end.at)}`);
      },
    );
  },
};
