/**
 * Records the answers of qemu-aarch64 in testdata/arm-results.bin.gz. Needs binutils for aarch64 and QEMU's user mode.
 * Run: node packages/softfloat/scripts/record.mjs
 *
 * The file, before gzip: the length of a JSON header (u32, little endian), the header (an array of groups), then the
 * rows of each group: control bits (see oracle-operands.mjs), FPSR[7:0] afterwards, the operands and the result,
 * little endian and as wide as their types.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { signatures } from '../../../scripts/lib/assemblyscript.mjs';
import { SOFTFLOAT_WASM_BASE64 } from '../dist/generated/softfloat-wasm.js';
import { GROUPS } from './oracle-groups.mjs';
import { Random, casesOf } from './oracle-operands.mjs';
import { ask } from './oracle.mjs';

const SEED = 20260101;
const BYTES = { f16: 2, f32: 4, f64: 8, i32: 4, i64: 8 };

function countOf(group) {
  const half = group.fn.startsWith('f16') ? 2 : 1;
  if (group.many) return (group.args.length === 3 ? 3000 : 1600) / half;
  return (group.few ? 300 : 600) / half;
}

function rows(group, cases, answers, resultBytes) {
  const width = 2 + group.args.reduce((sum, type) => sum + BYTES[type], 0) + resultBytes;
  const data = Buffer.alloc(width * cases.length);
  let at = 0;
  const put = (value, bytes) => {
    for (let i = 0; i < bytes; i++) data[at++] = Number((value >> BigInt(8 * i)) & 0xffn);
  };
  cases.forEach(({ control, values }, i) => {
    put(BigInt(control), 1);
    put(BigInt(answers[i].fpsr), 1);
    values.forEach((value, k) => put(value, BYTES[group.args[k]]));
    put(answers[i].result, resultBytes);
  });
  return data;
}

const types = signatures(Buffer.from(SOFTFLOAT_WASM_BASE64, 'base64'));
const random = new Random(SEED);
const cases = GROUPS.map((group, index) => casesOf(random, group, index, countOf(group)));
const answers = ask(GROUPS, cases.flat());
let from = 0;
const body = GROUPS.map((group, i) => {
  const part = answers.slice(from, (from += cases[i].length));
  return rows(group, cases[i], part, BYTES[types[group.fn].result]);
});
const header = GROUPS.map(({ fn, args, extra, code, noFp }, i) => ({
  fn,
  args,
  extra,
  instruction: code[0],
  status: !noFp,
  count: cases[i].length,
}));
const json = Buffer.from(JSON.stringify(header));
const length = Buffer.alloc(4);
length.writeUInt32LE(json.length);
const file = gzipSync(Buffer.concat([length, json, ...body]), { level: 9 });
mkdirSync(new URL('../testdata/', import.meta.url), { recursive: true });
writeFileSync(new URL('../testdata/arm-results.bin.gz', import.meta.url), file);
const version = execFileSync('qemu-aarch64', ['--version']).toString().split('\n')[0];
console.log(`${answers.length} cases of ${GROUPS.length} groups, ${file.length} bytes, from ${version}`);
