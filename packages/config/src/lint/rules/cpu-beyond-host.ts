import { sourceOf } from '../../location.js';
import { cpusOf } from '../cpus.js';
import type { LintRule } from '../lint-rule.js';

/** `lint.cpu-beyond-host` @experimental */
export const cpuBeyondHost: LintRule = {
  code: 'lint.cpu-beyond-host',
  severity: 'warning',
  summary: 'A VM is bound to a CPU that this host does not have.',
  description: 'The VM runs, but on other CPUs. It may be right on the machine that it is meant for.',
  bad: { texts: ['ram 256M cpu runmask 4'], facts: { hostCpus: 4 } },
  good: { texts: ['ram 256M cpu runmask 3'], facts: { hostCpus: 4 } },
  check: ({ vms }, { hostCpus }, report) => {
    if (hostCpus === undefined) return;
    for (const { label, spec } of vms) {
      const beyond = cpusOf(spec).filter((cpu) => cpu >= hostCpus);
      if (beyond.length === 0) continue;
      const message = `this host has no CPU ${beyond.join(', ')}, to which the VM ${label} is bound`;
      report(
        sourceOf(spec.source, spec.cpu === undefined ? 'cpulist' : 'cpu'),
        message,
        `there are 0 to ${hostCpus - 1}`,
      );
    }
  },
};
