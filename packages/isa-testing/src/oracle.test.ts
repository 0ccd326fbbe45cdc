import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { harnessForTable } from './table-harness.js';
import { replay } from './replay.js';
import { a64Tables } from '@qvm/isa-aarch64';

/** Recorded by oracle/record.mjs; the tests need no QEMU. */
const recording = (table: string): Uint8Array =>
  gunzipSync(readFileSync(new URL(`../testdata/oracle/${table}.bin.gz`, import.meta.url)));

describe.each(['interp', 'wasm'] as const)('instructions behave as recorded from QEMU, engine %s', (engine) => {
  it.each(Object.entries(a64Tables))('%s', (table, rows) => {
    const { cases, failed, details } = replay(harnessForTable(rows, engine), recording(table));
    expect(cases).toBeGreaterThan(0);
    expect(details.join('\n')).toBe('');
    expect([...failed]).toEqual([]);
  });
});
