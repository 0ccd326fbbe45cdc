import { show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { sharedMemoryEnds } from '../shared-memory.js';

/** `lint.shmem-without-server` @experimental */
export const shmemWithoutServer: LintRule = {
  code: 'lint.shmem-without-server',
  severity: 'warning',
  summary: 'A client of shared memory has no server.',
  description:
    'The server makes the region. Without it the client waits. Check the files of all VMs together, and the configuration ' +
    'of the host if the server is there.',
  bad: { texts: ['ram 256M vdev shmem name shm size 4M role client'] },
  good: { texts: ['ram 256M vdev shmem name shm size 4M role client', 'vdev shmem name shm size 4M role server'] },
  check: (target, _facts, report) => {
    const ends = sharedMemoryEnds(target);
    const servers = new Set(ends.filter(({ role }) => role === 'server').map(({ name }) => name));
    for (const { name, role, at } of ends) {
      if (role === 'server' || servers.has(name)) continue;
      report(at, `no server of the shared memory ${show(name)} is among these files`, 'add role server in one VM');
    }
  },
};
