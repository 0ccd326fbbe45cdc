// Records the exceptions that the programs of src/machine-tests/user raise on the processor of this machine, for
// user-programs.test.ts (needs gcc, x86-64 Linux):
//
//     npm run build && node packages/arch-x86_64/scripts/record-user-programs.mjs > packages/arch-x86_64/testdata/user-programs.txt
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lineOf, USER_PROGRAMS } from '../dist/machine-tests/user/programs.test.helper.js';

const folder = mkdtempSync(join(tmpdir(), 'record-user-programs-'));
try {
  const program = join(folder, 'program');
  execFileSync('gcc', ['-O1', '-o', program, join(import.meta.dirname, 'user-programs.c')]);
  const input = `${USER_PROGRAMS.map(lineOf).join('\n')}\n`;
  const lines = execFileSync(program, { input, encoding: 'utf8' }).trimEnd().split('\n');
  if (lines.length !== USER_PROGRAMS.length) throw new Error(`${lines.length} programs of ${USER_PROGRAMS.length} ran`);
  const [, family] = /^cpu family\s*: (\d+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
  const [, vendor] = /^vendor_id\s*: (\w+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
  console.log(
    `# ${vendor}, family ${family}. Of each exception: vector, s for a single step, error code, offset of RIP.`,
  );
  USER_PROGRAMS.forEach(({ name }, n) => console.log(`${name}: ${lines[n]}`));
} finally {
  rmSync(folder, { recursive: true });
}
