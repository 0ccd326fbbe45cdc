import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CodeMode } from '@qvm/isa-x86_64';
import { Random } from '../random.js';
import { NARROW_MODES, narrowCases, narrowRows } from './narrow/case.js';
import type { NarrowCase } from './narrow/case.js';
import { NarrowRunner } from './narrow/execute.js';
import { BREAKPOINT, decodeNarrow } from './narrow/result.js';
import type { NarrowResult } from './narrow/result.js';
import { undefinedNarrowFlags } from './narrow/undefined-flags.js';

/** Recorded by oracle/x86_32/record.mjs with QEMU; the tests need none. */
const recording = gunzipSync(readFileSync(new URL('../../testdata/oracle/x86_32.bin.gz', import.meta.url)));
const end = recording.indexOf(10);
const header = JSON.parse(recording.subarray(0, end).toString()) as {
  seed: number;
  perVariant: number;
  rows: readonly (readonly [mode: number, name: string, cases: number])[];
};

const hex = (bytes: Iterable<number>): string => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(' ');

/** The differences, as text; empty if nothing does. */
function difference(one: NarrowCase, actual: NarrowResult, expected: NarrowResult): string {
  const differs: string[] = [];
  if (actual.vector !== expected.vector) differs.push(`vector ${actual.vector}, not ${expected.vector}`);
  if (actual.distance !== expected.distance) differs.push(`ip ${actual.distance}, not ${expected.distance}`);
  expected.registers.forEach((value, n) => {
    if (actual.registers[n] !== value)
      differs.push(`r${n} ${actual.registers[n]?.toString(16)}, not ${value.toString(16)}`);
  });
  const mask = expected.vector === BREAKPOINT ? ~undefinedNarrowFlags(one) : 0;
  if ((actual.flags & mask) !== (expected.flags & mask))
    differs.push(`flags ${actual.flags.toString(16)}, not ${expected.flags.toString(16)}`);
  if (hex(actual.data) !== hex(expected.data)) differs.push('data');
  const { mode } = one.setup;
  return differs.length === 0 ? '' : `${CodeMode[mode]} ${one.row.name} ${hex(one.bytes)}: ${differs.join('; ')}`;
}

describe.each(['interpreter', 'region'] as const)(
  'instructions of 16- and 32-bit code do what QEMU does: %s',
  (tier) => {
    it('in all recorded cases', () => {
      const failures: string[] = [];
      let [at, left, executed, row] = [end + 1, 0, 0, 0];
      for (const mode of NARROW_MODES) {
        const runner = new NarrowRunner(mode, tier);
        for (const of of narrowRows(mode)) {
          const cases = [...narrowCases(new Random(header.seed), mode, of, header.perVariant)];
          expect([mode, of.name, cases.length]).toEqual(header.rows[row++]);
          for (const [n, one] of cases.entries()) {
            const [expected, next] = decodeNarrow(recording, at, one);
            at = next;
            // Each region is a module of its own, so only some cases have one.
            if (tier === 'region' && n % 7 !== 0) continue;
            const actual = runner.run(one);
            executed++;
            if (actual === undefined) left++;
            else {
              const text = difference(one, actual, expected);
              if (text !== '') failures.push(text);
            }
          }
        }
      }
      expect(failures.slice(0, 20)).toEqual([]);
      expect(at).toBe(recording.length);
      expect(executed).toBeGreaterThan(500);
      expect(left).toBe(0);
    });
  },
);
