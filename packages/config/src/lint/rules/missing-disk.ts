import { show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { diskOf, vdevsOf } from '../vdevs.js';

/** `lint.missing-disk` @experimental */
export const missingDisk: LintRule = {
  code: 'lint.missing-disk',
  severity: 'warning',
  summary: 'The file or device of a disk does not exist on this host.',
  description: 'The VM cannot be started here. It may be right on the machine that the configuration is meant for.',
  bad: { texts: ['ram 256M\nvdev virtio-blk hostdev disk.img'], facts: { fileSize: () => undefined } },
  good: { texts: ['ram 256M\nvdev virtio-blk hostdev disk.img'], facts: { fileSize: () => 0x10_0000 } },
  check: (target, { fileSize }, report) => {
    if (fileSize === undefined) return;
    for (const owned of vdevsOf(target, 'virtio-blk')) {
      const disk = diskOf(owned);
      if (disk === undefined || fileSize(disk.value) !== undefined) continue;
      report(disk.at, `there is no ${show(disk.value)} on this host`, 'make it, or say another path');
    }
  },
};
