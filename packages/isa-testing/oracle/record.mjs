// Records the results of random programs on qemu-aarch64: `node oracle/record.mjs [--seed N] [table ...]`, after a
// build. Needs qemu-aarch64 and the binutils for aarch64-linux-gnu.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { a64Tables } from '@qvm/isa-aarch64';
import { harnessForTable } from '../dist/table-harness.js';
import { encodeRecording } from '../dist/oracle-file.js';
import { programsOfTable } from '../dist/random-programs.js';
import { disassemble } from './disassemble.mjs';
import { runOnQemu, withRunner } from './runner.mjs';

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});
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
  const programs = programsOfTable(harnessForTable(rows), table, rows, seed);
  const texts = disassemble(
    programs.map(({ words }) => words[words.length - 1]),
    temporary,
  );
  const results = [...runOnQemu(runner, programs)];
  const cases = programs.map((program, i) => ({ program, text: texts[i] ?? '(not decoded)', expected: results[i] }));
  const bytes = gzipSync(encodeRecording(seed, source, cases), { level: 9 });
  writeFileSync(new URL(`${table}.bin.gz`, directory), bytes);
  const recorded = new Set(programs.map(({ name }) => name));
  const left = rows.filter(({ name }) => !recorded.has(name)).map(({ name }) => name);
  console.log(`${table}: ${rows.length} rows, ${programs.length} cases, ${bytes.length} bytes`);
  if (left.length > 0) console.log(`  nothing that runs at EL0 without a machine: ${left.join('; ')}`);
}
