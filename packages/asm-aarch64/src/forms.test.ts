import { a64Rows, a64Tables } from '@qvm/isa-aarch64';
import { bare } from './cursor.js';
import { disassemble } from './disassemble.js';
import { encodeInstruction } from './encode-instruction.js';
import { FORMS } from './forms/index.js';
import { a64Syntax } from './instruction-set.js';
import { normalise, readRecording } from './recording.test.helper.js';
import { tokenize } from '@qvm/assembly';

const hex = (word: number): string => word.toString(16).padStart(8, '0');
const assembleLine = (text: string, pc: number): number => encodeInstruction(tokenize(text), 0, bare(BigInt(pc)));

/** Rows with several encodings of the same instruction; the assembler clears the bits that are ignored. */
const SEVERAL_ENCODINGS = new Set(['AND, ORR, EOR, ANDS (immediate)', 'DUP (general)', 'INS (element)']);

/** Whether both words are the same instruction, and the assembler encodes its text as `ours`. */
function isCanonical(word: number, ours: number, pc: number): boolean {
  const row = a64Syntax().decoder.find(word)?.row.name ?? '';
  return SEVERAL_ENCODINGS.has(row) && disassemble(word, pc) === disassemble(ours, pc);
}

function attempt(text: string, pc: number): number | string {
  try {
    return assembleLine(text, pc);
  } catch (error) {
    return String(error);
  }
}

describe('forms', () => {
  it('exist for every row', () => {
    expect(a64Rows.filter((row) => (FORMS[row.name] ?? []).length === 0).map((row) => row.name)).toEqual([]);
  });

  it('exist for no row that is gone', () => {
    const rows = new Set(a64Rows.map((row) => row.name));
    expect(Object.keys(FORMS).filter((name) => !rows.has(name))).toEqual([]);
  });

  it('fix only fields of their rows', () => {
    const bad = [...a64Syntax().byMnemonic.values()].flat().filter(({ row, form }) =>
      Object.entries(form.fixed).some(([name, value]) => {
        const field = row.pattern.fields.find((f) => f.name === name);
        return !field || value < 0 || value >= 2 ** field.width;
      }),
    );
    expect(bad.map(({ row, form }) => `${row.name}: ${form.mnemonic}`)).toEqual([]);
  });
});

describe.each(Object.keys(a64Tables))('%s', (table) => {
  const recorded = readRecording(table);

  it('disassembles as objdump does', () => {
    const wrong = recorded.flatMap(({ word, pc, text }) => {
      const ours = disassemble(word, pc);
      return ours !== undefined && normalise(ours) === normalise(text)
        ? []
        : [{ word: hex(word), objdump: text, ours }];
    });
    expect(wrong).toEqual([]);
  });

  it('assembles what it disassembles, and what objdump prints, to the same word', () => {
    const wrong = recorded.flatMap(({ word, pc, text }) =>
      [disassemble(word, pc) ?? '', text].flatMap((source) => {
        const ours = attempt(source, pc);
        return ours === word || (typeof ours === 'number' && isCanonical(word, ours, pc))
          ? []
          : [
              {
                word: hex(word),
                source,
                ours: typeof ours === 'number' ? `${hex(ours)} ${disassemble(ours, pc)}` : ours,
              },
            ];
      }),
    );
    expect(wrong).toEqual([]);
  });
});
