import { sourceOf } from '../../location.js';
import type { LintRule } from '../lint-rule.js';

const MEBIBYTE = 0x10_0000;

/** `lint.memory-total` @experimental */
export const memoryTotal: LintRule = {
  code: 'lint.memory-total',
  severity: 'warning',
  summary: 'The VMs together have more memory than the host.',
  description: 'Each VM runs alone. Together, the host swaps or refuses the last ones.',
  bad: { texts: ['system a ram 512M', 'system b ram 1G'], facts: { hostMemory: 2 ** 30 } },
  good: { texts: ['system a ram 256M', 'system b ram 512M'], facts: { hostMemory: 2 ** 30 } },
  check: ({ vms }, { hostMemory }, report) => {
    let bytes = 0;
    for (const { label, spec } of vms) {
      const before = bytes;
      bytes += [...(spec.ram ?? []), ...(spec.rom ?? [])].reduce((sum, { size }) => sum + size, 0);
      if (hostMemory === undefined || bytes <= hostMemory || before > hostMemory) continue;
      const [needed, present] = [bytes, hostMemory].map((size) => Math.round(size / MEBIBYTE));
      const message = `with the VM ${label}, all VMs have ${needed} MiB; the host has ${present}`;
      report(sourceOf(spec.source, 'ram'), message, 'give the VMs less RAM');
    }
  },
};
