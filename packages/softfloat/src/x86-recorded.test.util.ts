/** Reads testdata/x86-results.bin.gz, whose format scripts/x86-record.mjs describes. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { bytesOf, resultBytes } from './x86-case.test.util.js';
import type { X86Case, X86Group, X86Outcome } from './x86-case.test.util.js';

/** Every group with its cases and their outcomes. */
export function readX86Recorded(): [X86Group, [X86Case, X86Outcome][]][] {
  const file = gunzipSync(readFileSync(new URL('../testdata/x86-results.bin.gz', import.meta.url)));
  const length = file.readUInt32LE(0);
  const groups = JSON.parse(file.subarray(4, 4 + length).toString()) as (X86Group & { count: number })[];
  let at = 4 + length;
  const take = (bytes: number): bigint => {
    let value = 0n;
    for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(file.readUInt8(at + i));
    at += bytes;
    return value;
  };
  const readCase = (group: X86Group): [X86Case, X86Outcome] => {
    const control = Number(take(2));
    const status = Number(take(2));
    const trapped = take(1) === 1n;
    const values = group.args.map((_, k) => take(bytesOf(group, k)));
    return [
      { control, values },
      { status, trapped, results: resultBytes(group).map(take) },
    ];
  };
  const all = groups.map((group): [X86Group, [X86Case, X86Outcome][]] => [
    group,
    Array.from({ length: group.count }, () => readCase(group)),
  ]);
  if (at !== file.length) throw new Error(`${file.length - at} bytes left over in the recorded results`);
  return all;
}
