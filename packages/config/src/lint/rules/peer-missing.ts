import { show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { peersOf } from '../peers.js';

/** `lint.peer-missing` @experimental */
export const peerMissing: LintRule = {
  code: 'lint.peer-missing',
  severity: 'warning',
  summary: 'A network device is connected with a VM that is not among these files.',
  description: 'The link stays down until that VM is there. Check the files of all VMs together.',
  bad: { texts: ['system a ram 256M vdev virtio-net name net0 peer /dev/qvm/b/net0'] },
  good: {
    texts: [
      'system a ram 256M vdev virtio-net name net0 peer /dev/qvm/b/net0',
      'system b ram 256M vdev virtio-net name net0 peer /dev/qvm/a/net0',
    ],
  },
  check: (target, _facts, report) => {
    const names = new Set(target.vms.map(({ label }) => label));
    for (const { target: other, at, value } of peersOf(target)) {
      const vm = other?.kind === 'device' ? other.name.split('/')[0] : undefined;
      if (vm !== undefined && !names.has(vm)) report(at, `${show(value)}: there is no VM ${show(vm)} in these files`);
    }
  },
};
