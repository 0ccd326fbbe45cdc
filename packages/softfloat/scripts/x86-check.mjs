/**
 * Compares the built package with the processor of this machine on fresh random cases.
 * Run: node packages/softfloat/scripts/x86-check.mjs [cases per group] [seed] [part of a function's name]
 */
import { differenceOf } from '../dist/x86-case.test.util.js';
import { Random } from './oracle-operands.mjs';
import { X86_GROUPS, x86Recording } from './x86-recording.mjs';

const count = Number(process.argv[2] ?? 1000);
const seed = process.argv[3] ?? String(Date.now());
const only = process.argv[4] ?? '';

const groups = X86_GROUPS.filter(({ fn }) => fn.includes(only));
let failed = 0;
for (const [group, cases] of x86Recording(new Random(seed), groups, () => count)) {
  const found = cases.map(([entry, outcome]) => differenceOf(group, entry, outcome)).filter((text) => text);
  if (found.length === 0) continue;
  failed++;
  console.log(
    `${group.fn} as ${group.code[0]}: ${found.length} of ${count} differ\n  ${found.slice(0, 4).join('\n  ')}`,
  );
}
console.log(`${groups.length} groups, ${count} cases each, seed ${seed}: ${failed} groups differ`);
process.exitCode = failed ? 1 : 0;
