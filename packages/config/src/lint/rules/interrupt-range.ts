import type { LintRule } from '../lint-rule.js';
import { numberOf } from '../vdevs.js';

/** Shared peripheral interrupts of a GIC (Arm IHI 0069, 2.2.1), for unknown boards. */
const GIC_SHARED = { first: 32, last: 1019 };

/** `lint.interrupt-range` @experimental */
export const interruptRange: LintRule = {
  code: 'lint.interrupt-range',
  severity: 'warning',
  summary: 'A vdev has an interrupt number that its board does not have.',
  description:
    'INTIDs below 32 belong to single processors, and those above 1019 are special. Often the cells of a device tree were ' +
    'copied, which count from 32: add 32 to them.',
  bad: { texts: ['ram 256M\nvdev pl011 loc 0x9000000 intr gic:1'] },
  good: { texts: ['ram 256M\nvdev pl011 loc 0x9000000 intr gic:33'] },
  check: ({ vms }, facts, report) => {
    for (const { spec } of vms) {
      const board = facts.board?.(spec);
      if (board === undefined && spec.arch === 'x86_64') continue;
      const { first, last } = board?.interrupts ?? GIC_SHARED;
      for (const vdev of spec.vdevs) {
        const irq = numberOf(vdev, 'irq', 'intr');
        if (irq === undefined || (irq.value >= first && irq.value <= last)) continue;
        const hint = irq.value < first ? `did you mean ${irq.value + first}?` : `use ${first} to ${last}`;
        report(irq.at, `the interrupt ${irq.value} of the vdev ${vdev.type} is none of the board's`, hint);
      }
    }
  },
};
