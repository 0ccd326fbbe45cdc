import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { harnessForTable } from '../testing/table-harness.js';
import { replay } from '../testing/replay.js';
import { a64Tables } from './index.js';

/** Recorded by oracle/record.mjs; the tests need no QEMU. */
const recording = (table: string): Uint8Array => gunzipSync(readFileSync(new URL(`../../testdata/oracle/${table}.bin.gz`, import.meta.url)));

describe.each(['interp', 'wasm'] as const)('instructions behave as recorded from QEMU, engine %s', (engine) => {
  it.each(Object.entries(a64Tables))('%s', (table, rows) => {
    const { cases, failed, details } = replay(harnessForTable(rows, engine), recording(table));
    expect(cases).toBeGreaterThan(0);
    expect(details.join('\n')).toBe('');
    expect([...failed]).toEqual([]);
  });
});
