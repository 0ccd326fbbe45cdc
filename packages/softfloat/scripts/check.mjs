/**
 * Compares the built package with qemu-aarch64 on fresh random cases.
 * Run: node packages/softfloat/scripts/check.mjs [cases per group] [seed] [part of a function's name]
 */
import { instantiateSoftfloat } from '../dist/index.js';
import { GROUPS } from './oracle-groups.mjs';
import { Random, casesOf, fpcrOf, fpsrOf } from './oracle-operands.mjs';
import { ask } from './oracle.mjs';

const count = Number(process.argv[2] ?? 1000);
const seed = process.argv[3] ?? String(Date.now());
const only = process.argv[4] ?? '';

const random = new Random(seed);
const groups = GROUPS.filter(({ fn }) => fn.includes(only));
const cases = groups.flatMap((group, index) => casesOf(random, group, index, count));
const answers = ask(groups, cases);

const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
const exported = instantiateSoftfloat(memory);
const state = new Uint32Array(memory.buffer);
const FP = 64;

/** The unsigned 64-bit result and FPSR of a case. */
function run(group, { control, values }) {
  state[FP / 4] = fpcrOf(control);
  state[FP / 4 + 1] = fpsrOf(control);
  const args = group.args.map((type, i) => (/64/.test(type) ? BigInt.asIntN(64, values[i]) : Number(values[i]) | 0));
  const extra = group.extra.map((value) => (value === 'rmode' ? control & 3 : value));
  const result = exported[group.fn](...args, ...extra, ...(group.noFp ? [] : [FP]));
  const wide = typeof result === 'bigint' ? BigInt.asUintN(64, result) : BigInt(result >>> 0);
  return { result: wide, fpsr: state[FP / 4 + 1] };
}

const hex = (value) => `0x${value.toString(16)}`;
const failures = new Map();
cases.forEach((entry, i) => {
  const group = groups[entry.group];
  const got = run(group, entry);
  const want = answers[i];
  if (got.result === want.result && got.fpsr === (want.fpsr & 0x9f)) return;
  const list = failures.get(group) ?? [];
  failures.set(group, list);
  list.push(
    `  ${entry.values.map(hex).join(' ')} fpcr=${hex(fpcrOf(entry.control))} fpsr=${hex(fpsrOf(entry.control))}: ` +
      `${hex(got.result)} fpsr ${hex(got.fpsr)}, expected ${hex(want.result)} fpsr ${hex(want.fpsr)}`,
  );
});
for (const [group, list] of failures) {
  console.log(`${group.fn} [${group.extra}] (${group.code[0]}): ${list.length} of ${count} differ`);
  console.log(list.slice(0, 4).join('\n'));
}
console.log(`${cases.length} cases of ${groups.length} groups, seed ${seed}: ${failures.size} groups differ`);
process.exitCode = failures.size ? 1 : 0;
