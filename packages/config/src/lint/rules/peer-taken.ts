import { show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { peersOf } from '../peers.js';
import { eachClash, placeText } from '../vdevs.js';

/** `lint.peer-taken` @experimental */
export const peerTaken: LintRule = {
  code: 'lint.peer-taken',
  severity: 'error',
  summary: 'Two network devices are connected with the same device.',
  description: 'A direct cable has two ends. Connect more than two devices by a switch.',
  bad: {
    texts: ['system a ram 256M vdev virtio-net peer /dev/qvm/c/net0', 'system b ram 256M vdev virtio-net peer c/net0'],
  },
  good: {
    texts: ['system a ram 256M vdev virtio-net peer vswitch0', 'system b ram 256M vdev virtio-net peer vswitch0'],
  },
  check: (target, _facts, report) => {
    const cables = peersOf(target).filter((peer) => peer.target?.kind === 'device');
    eachClash(
      cables,
      (peer) => peer.target?.name,
      (peer, first) => {
        const hint = `the other one is in ${placeText(first.at, peer.at)}; use a switch`;
        report(peer.at, `${first.owner} is connected with ${show(peer.value)} already`, hint);
      },
    );
  },
};
