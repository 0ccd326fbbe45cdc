/**
 * Records objdump's output for random valid words of every row and form. `node dist/assembly/record.test.helper.js
 * [table…]`, with binutils-aarch64-linux-gnu installed, writes testdata/assembly/TABLE.txt.gz with lines of
 * `word<TAB>text`. The address of the word in line n is RECORDED_AT + 4n.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { gzipSync } from 'node:zlib';
import { a64Tables, registerAt, SYSTEM_REGISTERS } from '@qvm/isa-aarch64';
import type { A64Row } from '@qvm/isa-aarch64';
import type { Form } from './form.js';
import { a64Syntax, encode } from './instruction-set.js';
import { SYSTEM_OPERATIONS } from './operands/system-operations.js';
import { RECORDED_AT, recordingOf, TESTDATA } from './recording.test.helper.js';

const PER_ROW = 20;
const PER_FORM = 2;

/** xorshift32, so that a recording can be reproduced. */
let state = 0x9e3779b9;
function random(limit: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

/** A field value: registers are often 31 or equal to others; other fields are often zero or all ones. */
function randomField(name: string, width: number): number {
  const pick = random(10);
  const all = 2 ** width - 1;
  if (width === 5 && name.startsWith('R')) return pick < 2 ? 31 : pick < 4 ? 7 : pick === 4 ? 30 : random(31);
  if (width > 3 && pick === 0) return 0;
  if (width > 3 && pick === 1) return all;
  return random(all + 1);
}

/** Most random system encodings have no name; prefers those with names. */
function nameSystem(row: A64Row, fields: Record<string, number>): void {
  if (/^(MRS|MSR \(register\))$/.test(row.name) && random(5) > 0) {
    const { encoding } = SYSTEM_REGISTERS[random(SYSTEM_REGISTERS.length)] as (typeof SYSTEM_REGISTERS)[number];
    Object.assign(fields, {
      o0: (encoding >> 14) & 1,
      op1: (encoding >> 11) & 7,
      CRn: (encoding >> 7) & 15,
      CRm: (encoding >> 3) & 15,
      op2: encoding & 7,
    });
  }
  if (row.name !== 'SYS') return;
  const operations = Object.values(SYSTEM_OPERATIONS).flat();
  const [, op1, CRn, CRm, op2] = operations[random(operations.length)] as (typeof operations)[number];
  if (random(5) > 0) Object.assign(fields, { op1, CRn, CRm, op2 });
  // objdump omits a register that these do not use.
  if (
    operations.some(
      (o) => o[1] === fields.op1 && o[2] === fields.CRn && o[3] === fields.CRm && o[4] === fields.op2 && !o[5],
    )
  )
    fields.Rt = 31;
}

/**
 * A random valid word of the row, with the ignored bits as the assembler writes them, and the fixed fields of `form`
 * if given.
 */
function randomWord(row: A64Row, forms: readonly Form[], form?: Form): number | undefined {
  for (let tries = 0; tries < (form ? 60 : 2000); tries++) {
    const fields = Object.fromEntries(row.pattern.fields.map(({ name, width }) => [name, randomField(name, width)]));
    nameSystem(row, fields);
    Object.assign(fields, form?.fixed);
    const word = encode({ row, form: forms[0] as Form }, fields);
    if (a64Syntax().decoder.find(word)?.row === row) return word;
  }
  return undefined;
}

function objdump(words: readonly number[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'qvm-objdump-'));
  try {
    const file = join(directory, 'words.bin');
    const bytes = Buffer.alloc(words.length * 4);
    words.forEach((word, i) => bytes.writeUInt32LE(word, i * 4));
    writeFileSync(file, bytes);
    const output = execFileSync(
      'aarch64-linux-gnu-objdump',
      ['-D', '-z', '-b', 'binary', '-m', 'aarch64', `--adjust-vma=${RECORDED_AT}`, file],
      { encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    return output
      .split('\n')
      .filter((line) => /^\s*[0-9a-f]+:\t/.test(line))
      .map((line) =>
        line
          .split('\t')
          .slice(2)
          .join(' ')
          .replace(/\s*\/\/.*$/, '')
          .trim(),
      );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * objdump refuses LDPSW if its registers overlap (constrained unpredictable). It knows more PSTATE fields and system
 * registers than the machine has, and prints some names only for the permitted access.
 */
function comparable(word: number, text: string): boolean {
  if ((word & 0xfe400000) >>> 0 === 0x68400000 && text.startsWith('.inst')) return false;
  if ((word & 0xfff8f01f) >>> 0 === 0xd500401f && /^(cfinv|xaflag|axflag|smst|msr (allint|svcr))/.test(text))
    return false;
  if (!/^(mrs|msr) /.test(text) || (word & 0xffd00000) >>> 0 !== 0xd5100000) return true;
  const register = registerAt((word >>> 5) & 0x7fff);
  if (/\bs[23]_[0-7]_c/.test(text)) return register === undefined || register.name.startsWith('ID_RES');
  return register !== undefined || / (nzcv|fpcr|fpsr)|(nzcv|fpcr|fpsr)$/.test(text);
}

function record(table: string, rows: readonly A64Row[]): void {
  const words = new Set<number>();
  for (const row of rows) {
    const forms = a64Syntax().byRow.get(row.name);
    if (!forms?.[0]) throw new Error(`row ${row.name} has no form`);
    const chosen = [
      ...new Array<undefined>(PER_ROW).fill(undefined),
      ...forms.flatMap((form) => (form.assembleOnly ? [] : new Array<Form>(PER_FORM).fill(form))),
    ];
    for (const form of chosen) {
      const word = randomWord(row, forms, form);
      if (word !== undefined) words.add(word);
    }
  }
  const lines = [...words];
  const texts = objdump(lines);
  let kept = lines
    .map((word, i) => ({ word, text: texts[i] as string }))
    .filter(({ word, text }) => comparable(word, text));
  // The remaining words are at other addresses now.
  const again = objdump(kept.map(({ word }) => word));
  kept = kept.map(({ word }, i) => ({ word, text: again[i] as string }));
  mkdirSync(TESTDATA, { recursive: true });
  writeFileSync(
    recordingOf(table),
    gzipSync(kept.map(({ word, text }) => `${word.toString(16).padStart(8, '0')}\t${text}\n`).join(''), { level: 9 }),
  );
  console.log(`${table}: ${kept.length} words`);
}

for (const [table, rows] of Object.entries(a64Tables)) {
  if (argv.length < 3 || argv.includes(table)) record(table, rows);
}
