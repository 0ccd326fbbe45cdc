import { sourceOf } from '../../location.js';
import { cpusOf } from '../cpus.js';
import type { LintRule } from '../lint-rule.js';

/** `lint.cpu-shared` @experimental */
export const cpuShared: LintRule = {
  code: 'lint.cpu-shared',
  severity: 'info',
  summary: 'Two VMs are bound to the same CPU.',
  description:
    'They take turns by priority. That may be intended, but a VM with deadlines should have CPUs of its own.',
  bad: { texts: ['system a ram 256M cpu runmask 2', 'system b ram 256M cpu runmask 2'] },
  good: { texts: ['system a ram 256M cpu runmask 2', 'system b ram 256M cpu runmask 3'] },
  check: ({ vms }, _facts, report) => {
    const owners = new Map<number, string>();
    for (const { label, spec } of vms) {
      const taken = cpusOf(spec).filter((cpu) => owners.has(cpu));
      for (const cpu of cpusOf(spec)) if (!owners.has(cpu)) owners.set(cpu, label);
      const others = [...new Set(taken.map((cpu) => owners.get(cpu) ?? ''))].join(', ');
      const at = sourceOf(spec.source, spec.cpu === undefined ? 'cpulist' : 'cpu');
      if (taken.length !== 0) report(at, `the VM ${label} shares CPU ${taken.join(', ')} with ${others}`);
    }
  },
};
