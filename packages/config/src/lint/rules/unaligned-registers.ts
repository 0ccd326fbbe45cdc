import { hexadecimal } from '@qvm/core';
import { PAGE_SIZE } from '../../limits.js';
import type { LintRule } from '../lint-rule.js';
import { resourcesOf } from '../regions.js';
import { numberOf } from '../vdevs.js';

/** `lint.unaligned-registers` @experimental */
export const unalignedRegisters: LintRule = {
  code: 'lint.unaligned-registers',
  severity: 'warning',
  summary: 'The registers of a vdev do not begin a page.',
  description:
    'Guests map devices by pages of 4096 bytes. A driver that maps the page of this vdev reaches what else is in it, and ' +
    'guests with larger pages cannot tell them apart.',
  bad: { texts: ['ram 256M\nvdev pl011 loc 0x9000100 intr gic:33'] },
  good: { texts: ['ram 256M\nvdev pl011 loc 0x9000000 intr gic:33'] },
  check: ({ vms }, facts, report) => {
    for (const [spec, vdev] of vms.flatMap(({ spec }) => spec.vdevs.map((vdev) => [spec, vdev] as const))) {
      const base = numberOf(vdev, 'base', 'loc');
      // Several VirtIO devices in a page are normal, as on QEMU's virt board.
      if (base === undefined || base.value % PAGE_SIZE === 0 || vdev.type.startsWith('virtio-')) continue;
      const { mmio, ports } = resourcesOf(vdev, spec, facts) ?? {};
      // The base of a vdev with ports alone is its first port.
      if (mmio === undefined && ports !== undefined) continue;
      const below = base.value - (base.value % PAGE_SIZE);
      report(
        base.at,
        `the registers at ${hexadecimal(base.value)} do not begin a page`,
        `nearest: ${hexadecimal(below)}`,
      );
    }
  },
};
