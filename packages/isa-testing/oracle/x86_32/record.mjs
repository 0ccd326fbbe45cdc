// Records the results of random instructions of 16- and 32-bit code in QEMU: `node oracle/x86_32/record.mjs [--seed N]`, after a build.
// Needs nasm and qemu-system-i386. QEMU does not check limits and types of segments; no case depends on them.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Random } from '../../dist/random.js';
import { NARROW_MODES, narrowCases, narrowRows } from '../../dist/x86_64/narrow/case.js';
import { encodeNarrow, NARROW_OUTPUT_BYTES, readNarrowOutput, writeInput } from '../../dist/x86_64/narrow/result.js';

const PER_VARIANT = 3;
const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const seed = Number(values.seed);
const perRow = NARROW_MODES.flatMap((mode) =>
  narrowRows(mode).map((row) => [mode, row.name, [...narrowCases(new Random(seed), mode, row, PER_VARIANT)]]),
);
const cases = perRow.flatMap(([, , ofRow]) => ofRow);
const source = /version \S+/.exec(execFileSync('qemu-system-i386', ['--version']).toString())?.[0] ?? 'unknown';
const results = execute(cases);
const rows = perRow.map(([mode, name, ofRow]) => [mode, name, ofRow.length]);
const header = { seed, perVariant: PER_VARIANT, source: `QEMU ${source}`, rows };
const encoded = cases.map((one, i) => encodeNarrow(one, results[i]));
const bytes = gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...encoded]), { level: 9 });
writeFileSync(new URL('../../testdata/oracle/x86_32.bin.gz', import.meta.url), bytes);
console.log(`seed ${seed}, QEMU ${source}: ${cases.length} cases of ${rows.length} rows, ${bytes.length} bytes`);

/** Executes the cases in QEMU. */
function execute(all) {
  const folder = mkdtempSync(join(tmpdir(), 'qvm-oracle-'));
  try {
    const [kernel, input, output] = ['kernel', 'cases', 'results'].map((name) => join(folder, name));
    execFileSync('nasm', ['-f', 'bin', '-o', kernel, fileURLToPath(new URL('executor.asm', import.meta.url))]);
    writeFileSync(input, Buffer.concat(all.map(writeInput)));
    const options = ['-cpu', 'max', '-kernel', kernel, '-initrd', input, '-m', '640', '-display', 'none', '-no-reboot'];
    const exit = ['-debugcon', `file:${output}`, '-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];
    spawnSync('qemu-system-i386', [...options, ...exit], { stdio: 'inherit', timeout: 100_000 });
    const bytes = readFileSync(output);
    if (bytes.length !== all.length * NARROW_OUTPUT_BYTES)
      throw new Error(`${bytes.length / NARROW_OUTPUT_BYTES} of ${all.length} cases have a result`);
    const at = (i) => bytes.subarray(i * NARROW_OUTPUT_BYTES, (i + 1) * NARROW_OUTPUT_BYTES);
    return all.map((one, i) => readNarrowOutput(at(i), one));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
