import { sourceOf } from '../../location.js';
import type { LintRule } from '../lint-rule.js';
import { eachClash, placeText } from '../vdevs.js';

/** `lint.duplicate-vm` @experimental */
export const duplicateVm: LintRule = {
  code: 'lint.duplicate-vm',
  severity: 'error',
  summary: 'Two VMs have one name.',
  description: 'Commands, peers and traces name VMs, so a host refuses the second one. Rename one of them.',
  bad: { texts: ['system a ram 256M', 'system a ram 128M'] },
  good: { texts: ['system a ram 256M', 'system b ram 128M'] },
  check: ({ vms }, _facts, report) => {
    eachClash(
      vms,
      ({ spec }) => spec.name,
      (vm, first, name) => {
        const at = sourceOf(vm.spec.source, 'name');
        const other = placeText(sourceOf(first.spec.source, 'name'), at);
        report(at, `there is another VM ${name}`, `the first one is in ${other}`);
      },
    );
  },
};
