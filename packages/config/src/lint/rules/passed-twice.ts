import { hexadecimal } from '@qvm/core';
import type { LintRule } from '../lint-rule.js';
import { eachClash, numberOf, placeText, vdevsOf } from '../vdevs.js';

/** `lint.passed-twice` @experimental */
export const passedTwice: LintRule = {
  code: 'lint.passed-twice',
  severity: 'error',
  summary: 'A device of the host is passed to two guests.',
  description: 'A device has one owner. The VM that starts second is refused.',
  bad: {
    texts: ['system a ram 256M pass loc 0xff000000,0x1000,rw', 'system b ram 256M pass loc 0xff000000,0x1000,rw'],
  },
  good: {
    texts: ['system a ram 256M pass loc 0xff000000,0x1000,rw', 'system b ram 256M pass loc 0xff001000,0x1000,rw'],
  },
  check: (target, _facts, report) => {
    const devices = vdevsOf(target, 'passthrough').flatMap(({ owner, vdev }) => {
      const paddr = numberOf(vdev, 'paddr');
      return paddr === undefined ? [] : [{ ...paddr, owner }];
    });
    eachClash(
      devices,
      ({ value }) => String(value),
      (device, first) => {
        const hint = `the other one is in ${placeText(first.at, device.at)}`;
        report(device.at, `the device at ${hexadecimal(device.value)} belongs to ${first.owner}`, hint);
      },
    );
  },
};
