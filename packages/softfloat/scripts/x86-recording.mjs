/** Cases and their outcomes on the processor of this machine. */
import { x86CasesOf } from './x86-operands.mjs';
import { askX86 } from './x86-oracle.mjs';
import { SSE_GROUPS } from './x86-sse-groups.mjs';

export const X86_GROUPS = SSE_GROUPS;

/** Of an answer of the recorder, what tests compare: no result if an unmasked exception was raised. */
function outcomeOf(group, { results, status, trapped }) {
  const result = trapped ? 0n : BigInt.asUintN(8 * group.result, results[0]);
  return { status, trapped: trapped !== 0, result };
}

/** `[group, [case, outcome][]]` of each group. */
export function x86Recording(random, groups, countOf) {
  const cases = groups.map((group, index) => x86CasesOf(random, group, index, countOf(group)));
  const answers = askX86(groups, cases.flat());
  let at = 0;
  return groups.map((group, i) => [group, cases[i].map((entry) => [entry, outcomeOf(group, answers[at++])])]);
}
