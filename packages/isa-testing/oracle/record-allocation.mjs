// Records which words objdump decodes: `node oracle/record-allocation.mjs [--seed N]`, after a build.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { encodeFields } from '@qvm/jit';
import { a64Rows } from '@qvm/isa-aarch64';
import { encodeAllocation, uniformWords } from '../dist/allocation.js';
import { Random } from '../dist/random.js';
import { disassemble } from './disassemble.mjs';

const PER_ROW = 200;
const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const random = new Random(Number(values.seed));

/** Words of the row's pattern, half of them with one to three bits flipped. */
function nearRow({ pattern }) {
  return Array.from({ length: PER_ROW }, () => {
    const raw = Object.fromEntries(pattern.fields.map(({ name, width }) => [name, random.u32() >>> (32 - width)]));
    let word = encodeFields(pattern, raw);
    if (random.chance(0.5)) for (let flips = random.between(1, 3); flips > 0; flips--) word ^= 1 << random.below(32);
    return word >>> 0;
  });
}

const near = Uint32Array.from(new Set(a64Rows.flatMap(nearRow))).sort();
const directory = mkdtempSync(join(tmpdir(), 'qvm-allocation-'));
try {
  const texts = disassemble([...uniformWords(), ...near], directory, ['-M', 'no-aliases']);
  const decodes = texts.map((text) => text !== undefined);
  const bytes = gzipSync(encodeAllocation(near, decodes), { level: 9 });
  writeFileSync(new URL('../testdata/oracle/allocation.bin.gz', import.meta.url), bytes);
  console.log(
    `seed ${values.seed}: ${texts.length} words, ${decodes.filter(Boolean).length} decoded, ${bytes.length} bytes`,
  );
} finally {
  rmSync(directory, { recursive: true });
}
