import type { LintRule } from '../lint-rule.js';
import { eachClash, numberOf, placeText } from '../vdevs.js';

/** `lint.interrupt-shared` @experimental */
export const interruptShared: LintRule = {
  code: 'lint.interrupt-shared',
  severity: 'warning',
  summary: 'Two vdevs of a VM have one interrupt.',
  description:
    'The input is the OR of both. Drivers that do not support sharing lose interrupts or fail to request it. Give one ' +
    'of them another number.',
  bad: { texts: ['ram 256M\nvdev pl011 loc 0x9000000 intr gic:33\nvdev virtio-net loc 0xa000000 intr gic:33'] },
  good: { texts: ['ram 256M\nvdev pl011 loc 0x9000000 intr gic:33\nvdev virtio-net loc 0xa000000 intr gic:48'] },
  check: ({ vms }, _facts, report) => {
    for (const { spec } of vms) {
      const lines = spec.vdevs.flatMap((vdev) => {
        const irq = numberOf(vdev, 'irq', 'intr');
        return irq === undefined ? [] : [{ ...irq, type: vdev.type }];
      });
      eachClash(
        lines,
        ({ value }) => String(value),
        (line, first) => {
          const message = `the vdevs ${first.type} and ${line.type} share the interrupt ${line.value}`;
          report(line.at, message, `the other one is in ${placeText(first.at, line.at)}`);
        },
      );
    }
  },
};
