import type { LintRule } from '../lint-rule.js';
import { eachClash, optionOf, placeText, vdevsOf } from '../vdevs.js';

/** `lint.duplicate-mac` @experimental */
export const duplicateMac: LintRule = {
  code: 'lint.duplicate-mac',
  severity: 'error',
  summary: 'Two network devices have one MAC address.',
  description:
    'A switch sends frames to the one that sent last. Without the option mac each device gets an address of its own.',
  bad: { texts: ['ram 256M vdev virtio-net mac 52:54:00:12:34:56', 'ram 256M vdev virtio-net mac 52:54:00:12:34:56'] },
  good: { texts: ['ram 256M vdev virtio-net mac 52:54:00:12:34:56', 'ram 256M vdev virtio-net mac 52:54:00:12:34:57'] },
  check: (target, _facts, report) => {
    const macs = vdevsOf(target).flatMap(({ owner, vdev }) => {
      const mac = optionOf(vdev, 'mac');
      return mac === undefined ? [] : [{ ...mac, owner }];
    });
    eachClash(
      macs,
      ({ value }) => value.toLowerCase().replaceAll('-', ':'),
      (mac, first, key) => {
        const hint = `the other one is in ${placeText(first.at, mac.at)}`;
        report(mac.at, `${first.owner} has the MAC address ${key} too`, hint);
      },
    );
  },
};
