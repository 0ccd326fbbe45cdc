import { type Finding, findingAt } from '../finding.js';
import { MAX_FINDINGS } from '../limits.js';
import type { LoadedConfigs } from '../load.js';
import type { LintFacts, LintRule, LintTarget } from './lint-rule.js';
import { LINT_RULES } from './rules/index.js';

/**
 * Checks configurations for settings that are valid but probably not intended, in each VM and between VMs. The
 * findings are in the order of files and lines, at most `MAX_FINDINGS` of each rule. Never throws.
 *
 * @experimental
 */
export function lintConfigs(
  configs: Pick<LoadedConfigs, 'vms' | 'hosts' | 'fragments' | 'switches' | 'shmem'>,
  facts: LintFacts = {},
  rules: readonly LintRule[] = LINT_RULES,
): readonly Finding[] {
  const target = lintTarget(configs);
  const findings: Finding[] = [];
  for (const { code, severity, check } of rules) {
    let left = MAX_FINDINGS;
    check(target, facts, (at, message, hint) => {
      if (left-- > 0) findings.push(findingAt(at, severity, code, message, hint));
    });
  }
  return findings.sort(byPlace);
}

/** The configurations in the form that the rules check. */
function lintTarget({ vms, hosts, fragments, switches, shmem }: Parameters<typeof lintConfigs>[0]): LintTarget {
  return {
    vms: [
      ...vms.map((spec) => ({ label: spec.name, spec })),
      ...fragments.map(({ file, fragment }) => ({ label: file, spec: fragment })),
    ],
    hosts,
    switches,
    shmem,
  };
}

function byPlace(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
