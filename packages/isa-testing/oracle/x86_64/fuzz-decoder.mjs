// npm run fuzz:decoder [-- [--strings N] [--from K] [--seed S] [--bits 16|32|64] [--host]]: how many bytes x86 instructions have, and which do
// not exist, compared with GNU objdump, and with --host with the processor of this machine (64-bit code; x86-64 Linux with gcc).
// --record N writes the recording that the tests replay. After a build.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { FLAT_32, LONG_MODE, x86Rows } from '@qvm/isa-x86_64';
import { Random } from '../../dist/random.js';
import { OPCODE_STRINGS, encodingsIn, fuzzString, opcodeString } from '../../dist/x86_64/byte-strings.js';
import { StringDecoder } from '../../dist/x86_64/decoding.js';
import { hostDifferenceOf } from '../../dist/x86_64/host-differences.js';
import { differenceOf, withoutVoidRex } from '../../dist/x86_64/objdump-differences.js';
import { decodeOnHost } from './decode-on-host.mjs';
import { objdump } from './objdump.mjs';

const BATCH = 1 << 16;
const SHOWN = 3;
const MODES = { 64: LONG_MODE, 32: FLAT_32, 16: { bits: 16, flat: false } };

const number = { type: 'string' };
const { values } = parseArgs({
  options: { strings: number, from: number, seed: number, bits: number, record: number, host: { type: 'boolean' } },
});
const total = Number(values.strings ?? 1_000_000);
// The first strings are all opcodes after some prefixes, and random ones follow.
const first = Number(values.from ?? 0);
const seed = Number(values.seed ?? Date.now() % 0x8000_0000);
const bits = Number(values.bits ?? 64);
const mode = MODES[bits];
if (mode === undefined) throw new Error(`--bits is one of ${Object.keys(MODES).join(', ')}`);

const random = new Random(seed);
const encodings = encodingsIn(x86Rows, mode);
const decoder = new StringDecoder(mode);
const explained = new Map();
const unexplained = new Map();
const hex = (bytes) => Buffer.from(bytes).toString('hex');
let compared = 0;

const temporary = mkdtempSync(join(tmpdir(), 'qvm-decoder-'));
try {
  if (values.record === undefined) fuzz();
  else record(Number(values.record));
} finally {
  rmSync(temporary, { recursive: true });
}
for (const [reason, count] of [...explained].sort(([, x], [, y]) => y - x)) console.log(`${count} times: ${reason}`);
for (const [kind, { count, examples }] of unexplained)
  console.log(`DIFFERENT ${count} times: ${kind}\n  ${examples.join('\n  ')}`);
console.log(`${compared} strings, ${failures()} differences without a reason`);
process.exitCode = failures() > 0 ? 1 : 0;

function fuzz() {
  console.log(`seed ${seed}, ${total} strings from ${first}, ${bits}-bit code`);
  for (let done = 0; done < total; done += BATCH) {
    const strings = Array.from({ length: Math.min(BATCH, total - done) }, (_, i) =>
      first + done + i < OPCODE_STRINGS ? opcodeString(random, first + done + i) : fuzzString(random, encodings, mode),
    );
    compare(strings);
    compared += strings.length;
    if ((done / BATCH) % 16 === 15) console.log(`${compared} strings, ${failures()} differences`);
  }
}

/** Lines of a string, the length by a processor (64-bit code), that by objdump, and its text. */
function record(count) {
  const strings = Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? opcodeString(random, random.below(OPCODE_STRINGS)) : fuzzString(random, encodings, mode),
  );
  const host = bits === 64 ? decodeOnHost(strings, temporary) : undefined;
  const shown = objdump(
    strings.map((bytes) => withoutVoidRex(bytes, mode)),
    bits,
    temporary,
  );
  const lines = strings.map((bytes, i) => [hex(bytes), host?.[i] ?? '', shown[i].length, shown[i].text].join('\t'));
  const folder = new URL('../../testdata/decoder/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`x86_64-${bits}.txt.gz`, folder), gzipSync(lines.join('\n'), { level: 9 }));
  compared = count;
}

function compare(strings) {
  const ours = strings.map((bytes) => decoder.lengthOf(bytes));
  strings.forEach((bytes, i) => {
    for (const end of decoder.wrongCuts(bytes, ours[i])) report('cut', `${hex(bytes)} (${ours[i]}) cut to ${end}`);
  });
  if (values.host) return compareWithHost(strings, ours);
  const shown = objdump(
    strings.map((bytes) => withoutVoidRex(bytes, mode)),
    bits,
    temporary,
  );
  strings.forEach((bytes, i) => {
    const difference = differenceOf({ bytes, ours: ours[i], theirs: shown[i] }, mode);
    if (difference === undefined) return;
    if (difference.reason !== undefined) explain(difference.reason);
    else report(difference.kind, `${hex(bytes)} ours ${ours[i]}, objdump ${shown[i].length} ${shown[i].text}`);
  });
}

function compareWithHost(strings, ours) {
  const theirs = decodeOnHost(strings, temporary);
  const shown = objdump(
    strings.map((bytes) => withoutVoidRex(bytes, mode)),
    bits,
    temporary,
  );
  strings.forEach((bytes, i) => {
    if (theirs[i] === ours[i]) return;
    const difference = hostDifferenceOf({ bytes, ours: ours[i], theirs: shown[i], host: theirs[i] });
    if (difference.reason !== undefined) explain(difference.reason);
    else report(difference.kind, `${hex(bytes)} ours ${ours[i]}, the processor ${theirs[i]}, objdump ${shown[i].text}`);
  });
}

function explain(reason) {
  explained.set(reason, (explained.get(reason) ?? 0) + 1);
}

function report(kind, text) {
  const known = unexplained.get(kind) ?? { count: 0, examples: [] };
  known.count++;
  if (known.examples.length < SHOWN) known.examples.push(text);
  unexplained.set(kind, known);
}

function failures() {
  return [...unexplained.values()].reduce((sum, { count }) => sum + count, 0);
}
