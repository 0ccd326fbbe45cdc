import type { LintRule } from '../lint-rule.js';
import { numberOf } from '../vdevs.js';

/** Shared peripheral interrupts of a GIC (Arm IHI 0069, 2.2.1). */
const FIRST_SHARED = 32;
const LAST_SHARED = 1019;

/** `lint.interrupt-range` @experimental */
export const interruptRange: LintRule = {
  code: 'lint.interrupt-range',
  severity: 'warning',
  summary: 'A vdev has an interrupt that is none of the shared ones of the GIC.',
  description:
    'INTIDs below 32 belong to single processors, and those above 1019 are special. Often the cells of a device tree were ' +
    'copied, which count from 32: add 32 to them.',
  bad: { texts: ['ram 256M\nvdev pl011 loc 0x9000000 intr gic:1'] },
  good: { texts: ['ram 256M\nvdev pl011 loc 0x9000000 intr gic:33'] },
  check: ({ vms }, _facts, report) => {
    for (const { spec } of vms) {
      if (spec.arch === 'x86_64') continue;
      for (const vdev of spec.vdevs) {
        const irq = numberOf(vdev, 'irq', 'intr');
        if (irq === undefined || (irq.value >= FIRST_SHARED && irq.value <= LAST_SHARED)) continue;
        const hint = irq.value < FIRST_SHARED ? `did you mean ${irq.value + FIRST_SHARED}?` : 'use 32 to 1019';
        report(irq.at, `the interrupt ${irq.value} of the vdev ${vdev.type} is no shared one`, hint);
      }
    }
  },
};
