// Compares the tables with qemu-aarch64 on fresh random programs: `node oracle/fuzz.mjs [--seed N] [--rounds N] [table ...]`, after a build.
import { parseArgs } from 'node:util';
import { a64Tables } from '@qvm/isa-aarch64';
import { describeInput, differences, inputOf, runProgram } from '../dist/oracle-case.js';
import { programsOfTable } from '../dist/random-programs.js';
import { harnessForTable } from '../dist/table-harness.js';
import { disassemble } from './disassemble.mjs';
import { runOnQemu, withRunner } from './runner.mjs';

const SHOWN_PER_ROW = 2;
const options = {
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  rounds: { type: 'string', default: '1' },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const failed = new Map();

withRunner((runner, temporary) => {
  for (let seed = Number(values.seed), round = 0; round < Number(values.rounds); round++, seed++) {
    for (const [table, rows] of Object.entries(a64Tables)) {
      if (positionals.length > 0 && !positionals.includes(table)) continue;
      const harness = harnessForTable(rows);
      const programs = programsOfTable(harness, table, rows, seed);
      let number = 0;
      for (const expected of runOnQemu(runner, programs)) compare(temporary, harness, programs[number++], expected);
      console.log(`seed ${seed}, ${table}: ${programs.length} cases`);
    }
  }
});
console.log('failed', [...failed]);
process.exitCode = failed.size > 0 ? 1 : 0;

function compare(temporary, harness, program, expected) {
  const input = inputOf(program);
  const lines = differences(input, expected, runProgram(harness, program, input));
  if (lines.length === 0) return;
  const count = (failed.get(program.name) ?? 0) + 1;
  failed.set(program.name, count);
  if (count > SHOWN_PER_ROW) return;
  const text = disassemble(program.words, temporary).join('; ');
  console.log(
    [`${program.name}: ${text}, seed ${program.seed}`, describeInput(input, program.words.at(-1)), ...lines].join(
      '\n    ',
    ),
  );
}
