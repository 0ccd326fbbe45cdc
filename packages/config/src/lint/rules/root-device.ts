import { sourceOf } from '../../location.js';
import type { LintRule } from '../lint-rule.js';

const ROOT = /(?:^|\s)root=\/dev\/vd([a-z])[0-9]*(?:\s|$)/;

/** `lint.root-device` @experimental */
export const rootDevice: LintRule = {
  code: 'lint.root-device',
  severity: 'warning',
  summary: 'The kernel command line names a root disk that no vdev provides.',
  description: 'Linux waits for the disk or panics. It calls the first virtio-blk vda, the second vdb, and so on.',
  bad: { texts: ['ram 256M\ncmdline "root=/dev/vda"'] },
  good: { texts: ['ram 256M\ncmdline "root=/dev/vda"\nvdev virtio-blk hostdev disk.img'] },
  check: ({ vms }, _facts, report) => {
    for (const { spec } of vms) {
      const letter = ROOT.exec(spec.cmdline ?? '')?.[1];
      if (letter === undefined) continue;
      const disks = spec.vdevs.filter(({ type }) => type === 'virtio-blk').length;
      if (letter.charCodeAt(0) - 'a'.charCodeAt(0) < disks) continue;
      const message = `/dev/vd${letter} is the root, and the VM has ${disks === 0 ? 'no disk' : `${disks} disks`}`;
      report(sourceOf(spec.source, 'cmdline'), message, 'add a vdev virtio-blk');
    }
  },
};
