import { sourceOf } from '../../location.js';
import type { LintRule } from '../lint-rule.js';

/** `lint.files-exceed-ram` @experimental */
export const filesExceedRam: LintRule = {
  code: 'lint.files-exceed-ram',
  severity: 'error',
  summary: 'The files that a VM boots from are larger than its RAM.',
  description: 'Image, initial RAM disk and device tree are all in RAM when the guest starts. Give the VM more of it.',
  bad: { texts: ['ram 16M\nload Image\ninitrd load initrd.gz'], facts: { fileSize: () => 0x90_0000 } },
  good: { texts: ['ram 32M\nload Image\ninitrd load initrd.gz'], facts: { fileSize: () => 0x90_0000 } },
  check: ({ vms }, { fileSize }, report) => {
    for (const { spec } of vms) {
      if (fileSize === undefined || spec.ram === undefined) continue;
      const files = [spec.image, spec.initrd, spec.dtb].flatMap((path) => (path === undefined ? [] : [path]));
      const bytes = files.reduce((sum, path) => sum + (fileSize(path) ?? 0), 0);
      const ram = spec.ram.reduce((sum, { size }) => sum + size, 0);
      if (bytes <= ram) continue;
      const message = `the files to boot from have ${bytes} bytes, the RAM has ${ram}`;
      report(sourceOf(spec.source, 'ram'), message, 'give the VM more RAM');
    }
  },
};
