import { sourceOf } from '../../location.js';
import { cpusOf } from '../cpus.js';
import type { LintRule } from '../lint-rule.js';

/** `lint.cpu-of-host` @experimental */
export const cpuOfHost: LintRule = {
  code: 'lint.cpu-of-host',
  severity: 'warning',
  summary: 'A VM is bound to a CPU of the host VM.',
  description: 'The host runs the vdevs of all VMs, so a busy guest on its CPU slows down the others too.',
  bad: { texts: ['{ "host": { "cpulist": "0,1" }, "vms": [] }', 'system a ram 256M cpu runmask 1'] },
  good: { texts: ['{ "host": { "cpulist": "0,1" }, "vms": [] }', 'system a ram 256M cpu runmask 2'] },
  check: ({ vms, hosts }, _facts, report) => {
    const host = new Set(hosts.flatMap(({ cpulist = [] }) => cpulist));
    for (const { label, spec } of vms) {
      const shared = cpusOf(spec).filter((cpu) => host.has(cpu));
      if (shared.length === 0) continue;
      const at = sourceOf(spec.source, spec.cpu === undefined ? 'cpulist' : 'cpu');
      report(at, `the VM ${label} is bound to CPU ${shared.join(', ')} of the host`, 'choose other CPUs');
    }
  },
};
