import { show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { diskOf, eachClash, placeText, vdevsOf } from '../vdevs.js';

/** `lint.shared-disk` @experimental */
export const sharedDisk: LintRule = {
  code: 'lint.shared-disk',
  severity: 'error',
  summary: 'Two disks are the same file or device, and a guest may write it.',
  description: 'Two file systems on one disk destroy each other. Make both read-only, or give each guest its own copy.',
  bad: {
    texts: ['system a ram 256M vdev virtio-blk hostdev d.img', 'system b ram 256M vdev virtio-blk hostdev d.img'],
  },
  good: {
    texts: ['system a ram 256M vdev virtio-blk hostdev <d.img', 'system b ram 256M vdev virtio-blk hostdev <d.img'],
  },
  check: (target, { fileIdentity = (path) => path }, report) => {
    const disks = vdevsOf(target, 'virtio-blk').flatMap((owned) => {
      const disk = diskOf(owned);
      return disk === undefined ? [] : [{ ...disk, owner: owned.owner }];
    });
    eachClash(
      disks,
      ({ value }) => fileIdentity(value),
      (disk, first) => {
        if (!disk.writable && !first.writable) return;
        const hint = `the other disk is in ${placeText(first.at, disk.at)}`;
        report(
          disk.at,
          `${show(disk.value)} is a disk of ${first.owner} too${first.value === disk.value ? '' : `, by the name ${show(first.value)}`}`,
          hint,
        );
      },
    );
  },
};
