import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Random } from '../random.js';
import { casesOf, recordedRows } from './case.js';
import type { Case } from './case.js';
import { CaseRunner } from './execute.js';
import { RecordingReader } from './recording.js';
import { SIGFPE } from './result.js';
import type { Result } from './result.js';
import { undefinedFlags, undefinedStatus } from './undefined-flags.js';
import { comparable } from './x87-image.js';

/** Recorded by oracle/x86_64/record.mjs on a processor; the tests need none. */
const recording = (): RecordingReader =>
  new RecordingReader(gunzipSync(readFileSync(new URL('../../testdata/oracle/x86_64.bin.gz', import.meta.url))));

const hex = (bytes: Iterable<number>): string => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(' ');

const mxcsrOf = ({ image }: Result): string => hex(image.subarray(24, 26));

/** The differences, as text; empty if nothing does. */
function difference(one: Case, actual: Result, expected: Result): string {
  const mask = ~undefinedFlags(one);
  const differs: string[] = [];
  if (actual.signal !== expected.signal) differs.push(`signal ${actual.signal} instead of ${expected.signal}`);
  else if (expected.signal === SIGFPE) {
    if (mxcsrOf(actual) !== mxcsrOf(expected)) differs.push(`MXCSR ${mxcsrOf(actual)}, not ${mxcsrOf(expected)}`);
  } else if (expected.signal === 0) {
    expected.registers.forEach((value, n) => {
      if (actual.registers[n] !== value)
        differs.push(`r${n} ${actual.registers[n]?.toString(16)}, not ${value.toString(16)}`);
    });
    if ((actual.flags & mask) !== (expected.flags & mask))
      differs.push(`flags ${actual.flags.toString(16)}, not ${expected.flags.toString(16)}`);
    if (hex(actual.vectors) !== hex(expected.vectors)) differs.push('vectors');
    const image = ({ image: all }: Result): string => hex(comparable(all, undefinedStatus(one)));
    if (image(actual) !== image(expected)) differs.push(`x87 ${image(actual)}, not ${image(expected)}`);
    if (hex(actual.data) !== hex(expected.data)) differs.push('data');
  }
  return differs.length === 0 ? '' : `${one.row.name} ${hex(one.bytes)}: ${differs.join('; ')}`;
}

describe.each(['interpreter', 'region'] as const)('instructions do what a processor did: %s', (tier) => {
  it('in all recorded cases', () => {
    const runner = new CaseRunner(tier);
    const reader = recording();
    const { seed, perVariant, rows } = reader.header;
    expect(rows.map(([name]) => name)).toEqual(recordedRows.map(({ name }) => name));
    const failures: string[] = [];
    let left = 0;
    let executed = 0;
    recordedRows.forEach((row, i) => {
      const cases = [...casesOf(new Random(seed), row, perVariant)];
      expect([row.name, cases.length]).toEqual(rows[i]);
      for (const [n, one] of cases.entries()) {
        const expected = reader.next(one);
        // Each region is a module of its own, so only some cases have one.
        if (tier === 'region' && n % 3 !== 0) continue;
        const actual = runner.run(one);
        executed++;
        if (actual === undefined) left++;
        else {
          const text = difference(one, actual, expected);
          if (text !== '') failures.push(text);
        }
      }
    });
    expect(failures.slice(0, 20)).toEqual([]);
    expect(reader.atEnd).toBe(true);
    expect(executed).toBeGreaterThan(1500);
    // Divisions of 128 bits are left to the vCPU, which has tests of its own.
    expect(left / executed).toBeLessThan(0.01);
  });
});
