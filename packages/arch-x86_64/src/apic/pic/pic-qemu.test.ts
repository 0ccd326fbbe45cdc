import { readFileSync } from 'node:fs';
import { PicBench } from './pic-bench.test.helper.js';

/** Steps and answers of QEMU's 8259A pair, which `scripts/record-pic.mjs` recorded. */
const RECORD = readFileSync(new URL('../../../testdata/pic-qemu.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');

/** Performs a step; returns what differs from the record. */
function perform(made: PicBench, text: string): string | undefined {
  const [kind, first = '', second = ''] = text.split(' ');
  if (kind === 'l') made.line(Number(first), second === '1');
  else if (kind === 'w') made.out(parseInt(first, 16), parseInt(second, 16));
  else {
    const value = made.in(parseInt(first, 16)).toString(16);
    if (value !== second) return `${text}: read ${value}`;
  }
  return undefined;
}

describe('the 8259A pair', () => {
  it('answers random accesses as that of QEMU', () => {
    let made = new PicBench();
    let reads = 0;
    const differences: string[] = [];
    RECORD.forEach((text, index) => {
      if (text === 'new') made = new PicBench();
      else {
        reads += Number(text.startsWith('r'));
        const difference = perform(made, text);
        if (difference !== undefined) differences.push(`line ${index + 1}, ${difference}`);
      }
    });
    expect(differences.slice(0, 5)).toEqual([]);
    expect(reads).toBeGreaterThan(5000);
  });
});
