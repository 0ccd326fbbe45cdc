import { sourceOf } from '../../location.js';
import type { LintRule } from '../lint-rule.js';

/** `lint.priority-above-host` @experimental */
export const priorityAboveHost: LintRule = {
  code: 'lint.priority-above-host',
  severity: 'warning',
  summary: 'A VM has at least the priority of the host.',
  description:
    'On CPUs that both use, a guest that is always busy keeps the host from running, and with it all vdevs. Give the host ' +
    'the highest priority.',
  bad: { texts: ['{ "host": { "priority": 100 }, "vms": [] }', 'system a ram 256M cpu sched 120'] },
  good: { texts: ['{ "host": { "priority": 240 }, "vms": [] }', 'system a ram 256M cpu sched 120'] },
  check: ({ vms, hosts }, _facts, report) => {
    const lowest = Math.min(...hosts.map(({ priority = Infinity }) => priority));
    for (const { label, spec } of vms) {
      const highest = Math.max(spec.priority ?? 0, ...(spec.cpu ?? []).map(({ priority = 0 }) => priority));
      if (highest < lowest || !Number.isFinite(lowest)) continue;
      const message = `the VM ${label} has priority ${highest}, the host ${lowest}`;
      report(
        sourceOf(spec.source, spec.priority === undefined ? 'cpu' : 'priority'),
        message,
        'raise that of the host',
      );
    }
  },
};
