import { sourceOf } from '../../location.js';
import type { LintRule } from '../lint-rule.js';

/** `lint.missing-image` @experimental */
export const missingImage: LintRule = {
  code: 'lint.missing-image',
  severity: 'info',
  summary: 'A VM names no image to boot.',
  description: 'It can be started only by a command that names one, such as `qvm start FILE --set image=PATH`.',
  bad: { texts: ['system a ram 256M'] },
  good: { texts: ['system a ram 256M load Image'] },
  check: ({ vms }, _facts, report) => {
    for (const { label, spec } of vms) {
      if (spec.image !== undefined || spec.ram === undefined) continue;
      report(sourceOf(spec.source), `the VM ${label} has no image`, 'name one by image, or by load');
    }
  },
};
