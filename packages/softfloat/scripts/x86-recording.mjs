/** Cases and their outcomes on the processor of this machine. */
import { x86CasesOf } from './x86-operands.mjs';
import { askX86 } from './x86-oracle.mjs';
import { SSE_GROUPS } from './x86-sse-groups.mjs';
import { X87_GROUPS } from './x87-groups.mjs';

export const X86_GROUPS = [...SSE_GROUPS, ...X87_GROUPS];

/** Of an answer of the recorder, what tests compare: no result of SSE if an unmasked exception was raised. */
function sseOutcome(group, { results, status, trapped }) {
  const result = trapped ? 0n : BigInt.asUintN(8 * group.result, results[0]);
  return { status, trapped: trapped !== 0, results: [result] };
}

/** TOP after the two operands were loaded. */
const FIRST_TOP = 6;
const TOP = 7 << 11;
const PLACES = { st0: 0, st1: 1, memory: 2, returned: 2 };

/** The results, and at the end whether the instruction completed, if TOP tells; the status word without TOP. */
function x87Outcome(group, { results, status, trapped }) {
  const found = group.results.map(([place, bytes]) => BigInt.asUintN(8 * bytes, results[PLACES[place]]));
  const completed = ((status & TOP) >> 11) - FIRST_TOP !== 0;
  if (group.pops !== undefined) found.push(BigInt(completed));
  return { status: status & ~TOP, trapped: trapped !== 0, results: found };
}

/** `[group, [case, outcome][]]` of each group. */
export function x86Recording(random, groups, countOf) {
  const cases = groups.map((group, index) => x86CasesOf(random, group, index, countOf(group)));
  const answers = askX86(groups, cases.flat());
  let at = 0;
  const outcomeOf = (group, answer) => (group.x87 ? x87Outcome : sseOutcome)(group, answer);
  return groups.map((group, i) => [group, cases[i].map((entry) => [entry, outcomeOf(group, answers[at++])])]);
}
