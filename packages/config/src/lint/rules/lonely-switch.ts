import { show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { peersOf } from '../peers.js';

/** `lint.lonely-switch` @experimental */
export const lonelySwitch: LintRule = {
  code: 'lint.lonely-switch',
  severity: 'info',
  summary: 'Of several VMs, only one device is at a switch.',
  description: 'It has no peer. Check the name of the switch, and that the files of all VMs are given.',
  bad: {
    texts: ['system a ram 256M vdev virtio-net peer vswitch0', 'system b ram 256M vdev virtio-net peer vswitch1'],
  },
  good: {
    texts: ['system a ram 256M vdev virtio-net peer vswitch0', 'system b ram 256M vdev virtio-net peer vswitch0'],
  },
  check: (target, _facts, report) => {
    if (target.vms.length < 2) return;
    const peers = peersOf(target).filter((peer) => peer.target?.kind === 'switch');
    for (const { target: own, at, owner } of peers) {
      if (own === undefined || peers.filter((peer) => peer.target?.name === own.name).length > 1) continue;
      report(at, `${owner} is alone at the switch ${show(own.name)}`);
    }
  },
};
