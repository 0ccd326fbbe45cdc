// Records what qemu-aarch64 makes of random programs: `node oracle/record.mjs [--seed N] [table ...]`, after a build.
// Needs qemu-aarch64 and the binutils for aarch64-linux-gnu.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { a64Tables } from '../dist/instructions/index.js';
import { harnessForTable } from '../dist/testing/table-harness.js';
import { encodeRecording } from '../dist/testing/oracle-file.js';
import { mixedPrograms, programsOf } from '../dist/testing/random-programs.js';
import { disassemble } from './disassemble.mjs';
import { runOnQemu, withRunner } from './runner.mjs';

const MIXED = 300;

const { values, positionals } = parseArgs({ options: { seed: { type: 'string', default: '1' } }, allowPositionals: true });
const seed = Number(values.seed);
const directory = new URL('../testdata/oracle/', import.meta.url);
mkdirSync(directory, { recursive: true });
const source = execFileSync('qemu-aarch64', ['--version'], { encoding: 'utf8' }).split('\n')[0];
console.log(`seed ${seed}, ${source}`);

withRunner((runner, temporary) => {
  for (const [table, rows] of Object.entries(a64Tables)) {
    if (positionals.length === 0 || positionals.includes(table)) recordTable(runner, temporary, table, rows);
  }
});

function recordTable(runner, temporary, table, rows) {
  const harness = harnessForTable(rows);
  const programs = rows.flatMap((row) => {
    const some = [...programsOf(harness, row, hash(`${seed} ${row.name}`))];
    if (some.length === 0) console.log(`  ${row.name}: nothing that runs at EL0 without a machine`);
    return some;
  });
  const usable = rows.filter((row) => programs.some((program) => program.name === row.name));
  if (/data-processing|simd|fp/.test(table) && !/load/.test(table)) programs.push(...mixedPrograms(harness, usable, 'mixed', MIXED, hash(`${seed} ${table}`)));
  const texts = disassemble(programs.map(({ words }) => words[words.length - 1]), temporary);
  const results = [...runOnQemu(runner, programs)];
  const cases = programs.map((program, i) => ({ program, text: texts[i] ?? '(not decoded)', expected: results[i] }));
  const bytes = gzipSync(encodeRecording(seed, source, cases), { level: 9 });
  writeFileSync(new URL(`${table}.bin.gz`, directory), bytes);
  console.log(`${table}: ${rows.length} rows, ${programs.length} cases, ${bytes.length} bytes`);
}

/** FNV-1a: a seed of its own for each row, whatever the order of the tables. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193);
  return value >>> 0;
}
