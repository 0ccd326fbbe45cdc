/**
 * Records the answers of this machine's processor in testdata/x86-results.bin.gz. Needs an x86-64 processor with AVX,
 * and gcc. Run: node packages/softfloat/scripts/x86-record.mjs
 *
 * The file, before gzip: the length of a JSON header (u32, little endian), the header (an array of groups), then the
 * rows of each group: MXCSR or FCW (u16), MXCSR or FSW without TOP afterwards (u16), whether an unmasked exception was
 * raised (u8), the operands and the results, little endian and as wide as their types.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { bytesOf, resultBytes } from '../dist/x86-case.test.util.js';
import { Random } from './oracle-operands.mjs';
import { X86_GROUPS, x86Recording } from './x86-recording.mjs';

const SEED = 20260201;

function countOf(group) {
  if (group.x87) return group.many ? 300 : group.few ? 20 : 200;
  if (group.lanes) return group.few ? 30 : 80;
  return group.many ? 500 : group.few ? 60 : 250;
}

function row(group, [{ control, values }, { status, trapped, results }]) {
  const fields = [
    [BigInt(control), 2],
    [BigInt(status), 2],
    [BigInt(trapped), 1],
    ...values.map((value, k) => [value, bytesOf(group, k)]),
    ...results.map((value, k) => [value, resultBytes(group)[k]]),
  ];
  return Buffer.from(
    fields.flatMap(([value, bytes]) =>
      Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)),
    ),
  );
}

const recording = x86Recording(new Random(SEED), X86_GROUPS, countOf);
const header = recording.map(([group, cases]) => ({ ...group, count: cases.length }));
const json = Buffer.from(JSON.stringify(header));
const length = Buffer.alloc(4);
length.writeUInt32LE(json.length);
const rows = recording.flatMap(([group, cases]) => cases.map((entry) => row(group, entry)));
const file = gzipSync(Buffer.concat([length, json, ...rows]), { level: 9 });
mkdirSync(new URL('../testdata/', import.meta.url), { recursive: true });
writeFileSync(new URL('../testdata/x86-results.bin.gz', import.meta.url), file);
console.log(`${rows.length} cases of ${recording.length} groups, ${file.length} bytes`);
