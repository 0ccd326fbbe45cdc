// Records the results of random instructions on the processor of this machine: `node oracle/x86_64/record.mjs [--seed N]`, after a
// build. Needs an x86-64 processor with Linux, and gcc.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Random } from '../../dist/random.js';
import { casesOf, recordedRows } from '../../dist/x86_64/case.js';
import { encodeRecording } from '../../dist/x86_64/recording.js';
import { INPUT_BYTES, OUTPUT_BYTES, VECTOR_BYTES, readOutput } from '../../dist/x86_64/result.js';

const PER_VARIANT = 6;
const RFLAGS = 0x202;
const here = fileURLToPath(new URL('.', import.meta.url));
const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const seed = Number(values.seed);
const source = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';

const perRow = recordedRows.map((row) => [row.name, [...casesOf(new Random(seed), row, PER_VARIANT)]]);
const cases = perRow.flatMap(([, ofRow]) => ofRow);
const results = agreed([execute(cases), execute(cases), execute(cases)]);
const header = { seed, perVariant: PER_VARIANT, source, rows: perRow.map(([name, ofRow]) => [name, ofRow.length]) };
const bytes = gzipSync(
  encodeRecording(
    header,
    cases.map((one, i) => [one, results[i]]),
  ),
  { level: 9 },
);
writeFileSync(new URL('../../testdata/oracle/x86_64.bin.gz', import.meta.url), bytes);
console.log(`seed ${seed}, ${source}: ${cases.length} cases of ${perRow.length} rows, ${bytes.length} bytes`);

/** Results that two of three runs have: virtual machines report SIGILL for valid instructions now and then. */
function agreed([first, second, third]) {
  return first.map((result, i) => {
    const same = (other) => isDeepStrictEqual(result, other);
    if (same(second[i]) || same(third[i])) return result;
    if (isDeepStrictEqual(second[i], third[i])) return second[i];
    throw new Error(`${cases[i].row.name}: three runs, three results`);
  });
}

/** Executes the cases on the processor. */
function execute(all) {
  const folder = mkdtempSync(join(tmpdir(), 'qvm-oracle-'));
  try {
    const program = join(folder, 'execute');
    execFileSync('gcc', ['-O1', '-no-pie', '-o', program, join(here, 'execute.c'), join(here, 'execute.S')]);
    const output = execFileSync(program, { input: Buffer.concat(all.map(inputOf)), maxBuffer: 2 ** 30 });
    return all.map((_, i) => readOutput(output.subarray(i * OUTPUT_BYTES, (i + 1) * OUTPUT_BYTES)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A case as `struct input`. */
function inputOf({ bytes: code, registers, flags, vectors, image, data }) {
  const input = Buffer.alloc(INPUT_BYTES);
  input[0] = code.length;
  input.set(code, 1);
  registers.forEach((value, n) => input.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + n * 8));
  input.writeBigUInt64LE(BigInt(flags | RFLAGS), 16 + 16 * 8);
  input.set(vectors, 16 + 17 * 8);
  input.set(image, 16 + 17 * 8 + VECTOR_BYTES);
  input.set(data, 16 + 17 * 8 + VECTOR_BYTES + image.length);
  return input;
}
